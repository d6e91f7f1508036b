//! Line icons from one sprite, `public/icons.svg`.

use leptos::prelude::*;

/// Where the sprite is served, e.g. `/assets/icons.0f3c.svg`. The server puts it in the context: its name holds a hash of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IconsUrl(pub String);

/// An icon of the sprite. Says nothing to a screen reader: the text beside it does, or `label` where there is none. Without an [`IconsUrl`] in
/// the context nothing is drawn.
#[component]
pub fn Icon(
    /// The id of its symbol.
    #[prop(into)]
    name: String,
    /// What it says, where no text beside it does.
    #[prop(optional, into)]
    label: String,
) -> impl IntoView {
    use_context::<IconsUrl>().map(|url| {
        let href = format!("{}#{name}", url.0);
        let hidden = label.is_empty();
        view! {
            <svg
                class="icon"
                width="16"
                height="16"
                role=(!hidden).then_some("img")
                aria-label=(!hidden).then_some(label)
                aria-hidden=hidden.then_some("true")
                focusable="false"
            >
                <use_ href=href></use_>
            </svg>
        }
    })
}
