//! What stands where nothing is yet.

use super::Icon;
use leptos::prelude::*;

/// What would be here, and how to get it here (the children: a sentence, then links in a `div.toolbar`).
#[component]
pub fn EmptyState(
    /// Its icon.
    #[prop(default = "webhook".into(), into)]
    icon: String,
    /// Its heading.
    #[prop(into)]
    title: String,
    /// The rest.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="empty">
            <span class="empty-icon">
                <Icon name=icon />
            </span>
            <h2>{title}</h2>
            {children()}
        </div>
    }
}
