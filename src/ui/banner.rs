//! What must be known before anything else on a page.

use super::{Icon, Tone};
use leptos::prelude::*;

/// A statement about the thing on the page, and what to do about it (the children).
#[component]
pub fn Banner(
    /// How bad it is.
    #[prop(optional)]
    tone: Tone,
    /// The statement.
    #[prop(into)]
    title: String,
    /// More, and links in a `div.toolbar`.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class=format!("banner {}", tone.class())>
            <Icon name=tone.icon() />
            <div class="banner-body">
                <p class="banner-title">{title}</p>
                {children.map(|c| c())}
            </div>
        </div>
    }
}
