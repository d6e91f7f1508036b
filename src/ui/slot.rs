//! A place in a component for text or for a view.

use leptos::prelude::*;

/// Something to show: `"text"`, a `String`, or a closure that gives a view (`|| view! { … }`). Empty unless given.
#[derive(Default)]
pub struct Slot(Option<Box<dyn FnOnce() -> AnyView + Send>>);

impl Slot {
    /// What is to be shown.
    pub fn run(self) -> Option<AnyView> {
        self.0.map(|view| view())
    }
}

impl From<&'static str> for Slot {
    fn from(text: &'static str) -> Self {
        Self(Some(Box::new(move || text.into_any())))
    }
}

impl From<String> for Slot {
    fn from(text: String) -> Self {
        Self(Some(Box::new(move || text.into_any())))
    }
}

impl<F, V> From<F> for Slot
where
    F: FnOnce() -> V + Send + 'static,
    V: IntoAny,
{
    fn from(view: F) -> Self {
        Self(Some(Box::new(move || view().into_any())))
    }
}
