//! Something to open.

use super::Icon;
use leptos::prelude::*;

/// A line that opens to more.
#[component]
pub fn Disclosure(
    /// The line.
    #[prop(into)]
    summary: String,
    /// Whether it is open from the start.
    #[prop(optional)]
    open: bool,
    /// The rest.
    children: Children,
) -> impl IntoView {
    view! {
        <details class="disclosure" open=open>
            <summary>
                <Icon name="chevron-right" />
                {summary}
            </summary>
            <div class="disclosure-body">{children()}</div>
        </details>
    }
}
