//! Identifiers.

use leptos::prelude::*;

/// Characters of an id that stay in sight at its end: of a UUIDv7 the random part tells ids apart.
const TAIL: usize = 8;

/// An id, monospaced. Its middle is out of sight, but there to be copied, searched and read aloud; hovering shows it whole.
#[component]
pub fn Id(
    /// The id.
    #[prop(into)]
    value: String,
    /// Shows all of it.
    #[prop(optional)]
    whole: bool,
) -> impl IntoView {
    let chars: Vec<char> = value.chars().collect();
    let head = value.find('_').map_or(4, |at| at + 1);
    if whole || chars.len() <= head + TAIL + 2 {
        return view! { <code class="id">{value}</code> }.into_any();
    }
    let part = |range: std::ops::Range<usize>| chars[range].iter().collect::<String>();
    let tail = chars.len() - TAIL;
    view! {
        <code class="id" title=value.clone()>
            {part(0..head)}
            <span class="id-cut">{part(head..tail)}</span>
            {part(tail..chars.len())}
        </code>
    }
    .into_any()
}
