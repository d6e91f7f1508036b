//! Tabs: links between the parts of one thing.

use leptos::prelude::*;

/// One tab.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tab {
    /// What it is called.
    pub label: String,
    /// Its address.
    pub href: String,
    /// Whether it is the page.
    pub current: bool,
    /// A number beside it.
    pub count: Option<String>,
}

impl Tab {
    /// A tab without a number.
    pub fn new(label: impl Into<String>, href: impl Into<String>, current: bool) -> Self {
        Self { label: label.into(), href: href.into(), current, count: None }
    }

    /// With a number beside it.
    pub fn count(self, count: impl ToString) -> Self {
        Self { count: Some(count.to_string()), ..self }
    }
}

/// Links between the parts of one thing.
#[component]
pub fn Tabs(
    /// What they are parts of, for a screen reader.
    #[prop(into)]
    label: String,
    /// The tabs.
    tabs: Vec<Tab>,
) -> impl IntoView {
    let items = tabs
        .into_iter()
        .map(|t| {
            view! {
                <li>
                    <a class="tab" href=t.href aria-current=t.current.then_some("page")>
                        {t.label}
                        {t.count.map(|n| view! { " " <span class="count">{n}</span> })}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav class="tabs" aria-label=label>
            <ul>{items}</ul>
        </nav>
    }
}
