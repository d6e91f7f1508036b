//! Names and values.

use super::{MaybeText, Tone};
use leptos::prelude::*;

/// Names at the left, values at the right; [`Definition`]s inside.
#[component]
pub fn DefinitionList(
    /// The [`Definition`]s.
    children: Children,
) -> impl IntoView {
    view! { <dl class="definitions">{children()}</dl> }
}

/// One name with its value.
#[component]
pub fn Definition(
    /// The name.
    #[prop(into)]
    term: String,
    /// The value.
    children: Children,
) -> impl IntoView {
    view! {
        <div>
            <dt>{term}</dt>
            <dd>{children()}</dd>
        </div>
    }
}

/// A strip of numbers above a page's content; [`Stat`]s inside.
#[component]
pub fn Stats(
    /// The [`Stat`]s.
    children: Children,
) -> impl IntoView {
    view! { <dl class="stats">{children()}</dl> }
}

/// One number of the strip.
#[component]
pub fn Stat(
    /// What it counts.
    #[prop(into)]
    term: String,
    /// What it means.
    #[prop(optional)]
    tone: Tone,
    /// A remark below it.
    #[prop(optional, into)]
    note: MaybeText,
    /// The number.
    children: Children,
) -> impl IntoView {
    view! {
        <div class=tone.class()>
            <dt>{term}</dt>
            <dd class="stat">{children()}</dd>
            {note.0.map(|n| view! { <dd class="stat-note">{n}</dd> })}
        </div>
    }
}
