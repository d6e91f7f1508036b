//! The way of a delivery, step by step.

use super::{TimeTag, Tone};
use crate::model::time::{Timestamp, human_duration};
use leptos::prelude::*;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// What happened.
    pub label: String,
    /// When, or when it is due.
    pub time: Option<Timestamp>,
    /// How it went.
    pub tone: Tone,
    /// Where more about it is.
    pub href: Option<String>,
    /// Since the step before, in microseconds.
    pub gap: Option<i64>,
    /// A word about it: `503`, `Timed out`.
    pub note: Option<String>,
    /// Whether it is still to come.
    pub planned: bool,
}

/// Occurred → accepted → attempt 1 … n → delivered, with the time between.
#[component]
pub fn LifecycleLine(
    /// The steps, oldest first.
    steps: Vec<Step>,
) -> impl IntoView {
    let items = steps
        .into_iter()
        .map(|s| {
            let gap = s.gap.map(|g| view! { <span class="step-gap">{format!("+{}", human_duration(g))}</span> });
            let label = match s.href {
                Some(href) => view! {
                    <a class="step-label" href=href>
                        {s.label}
                    </a>
                }
                .into_any(),
                None => view! { <span class="step-label">{s.label}</span> }.into_any(),
            };
            view! {
                <li class=format!("step {}", s.tone.class()) class:planned=s.planned>
                    {gap}
                    <span class="step-dot" aria-hidden="true"></span>
                    {label}
                    {s.note.map(|n| view! { <span class="step-note">{n}</span> })}
                    {s.time.map(|t| view! { <TimeTag t=t short=true /> })}
                </li>
            }
        })
        .collect_view();
    view! { <ol class="lifecycle">{items}</ol> }
}
