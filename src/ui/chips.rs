//! Event types as chips.

use crate::model::event_type::EventType;
use leptos::prelude::*;

/// The first few event types, then how many more; the rest is named on hover and to a screen reader.
#[component]
pub fn Chips(
    /// The event types.
    events: Vec<EventType>,
    /// How many are shown.
    #[prop(default = 3)]
    most: usize,
) -> impl IntoView {
    // A chip that hides one chip saves nothing.
    let most = if events.len() == most + 1 { events.len() } else { most };
    let rest: Vec<&str> = events.iter().skip(most).map(|e| e.name()).collect();
    let rest_text = rest.join(", ");
    let more = (!rest.is_empty()).then(|| {
        view! {
            <li class="chip chip-more" title=rest_text.clone()>
                {format!("+{}", rest.len())}
                <span class="visually-hidden">{format!(": {rest_text}")}</span>
            </li>
        }
    });
    view! {
        <ul class="chips">
            {events
                .iter()
                .take(most)
                .map(|e| view! { <li class="chip" title=e.label()>{e.name()}</li> })
                .collect_view()} {more}
        </ul>
    }
}
