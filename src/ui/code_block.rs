//! Text as it went over the wire.

use super::MaybeText;
use leptos::prelude::*;

/// Preformatted text with a label. Scrolls within itself, by keyboard too.
#[component]
pub fn CodeBlock(
    /// What it is.
    #[prop(into)]
    label: String,
    /// The text.
    #[prop(into)]
    text: String,
    /// A remark beside the label: a size, a media type.
    #[prop(optional, into)]
    note: MaybeText,
    /// Breaks long lines instead of scrolling.
    #[prop(optional)]
    wrap: bool,
    /// Buttons beside the label: copy, download.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    // A line break right after the tag belongs to the markup, not to the text.
    let text = if text.starts_with('\n') { format!("\n{text}") } else { text };
    view! {
        <figure class="code" class:wrap=wrap>
            <figcaption>
                <span class="code-label">{label.clone()}</span>
                {note.0.map(|n| view! { <span class="muted">{n}</span> })}
                {children.map(|c| view! { <span class="code-tools">{c()}</span> })}
            </figcaption>
            <pre tabindex="0" role="group" aria-label=label>{text}</pre>
        </figure>
    }
}
