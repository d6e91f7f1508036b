//! States and kinds as small coloured words.

use super::{Icon, MaybeText, Tone};
use crate::model::delivery::{DeliveryState, FailureKind};
use crate::model::replay::ReplayState;
use crate::model::webhook::{WebhookMode, WebhookStatus};
use leptos::prelude::*;

/// A word with a colour.
#[component]
pub fn Badge(
    /// What the colour means.
    #[prop(optional)]
    tone: Tone,
    /// The word.
    #[prop(into)]
    label: String,
    /// More about it, on hover.
    #[prop(optional, into)]
    title: MaybeText,
) -> impl IntoView {
    view! {
        <span class=format!("badge {}", tone.class()) title=title.0>
            {label}
        </span>
    }
}

/// A coloured dot and a word: a state.
#[component]
fn Pill(tone: Tone, label: &'static str, #[prop(default = None)] title: Option<String>, #[prop(optional)] hollow: bool) -> impl IntoView {
    view! {
        <span class=format!("pill {}", tone.class()) class:hollow=hollow title=title>
            {label}
        </span>
    }
}

/// Whether a webhook is triggered, with why not on hover.
#[component]
pub fn StatusPill(
    /// Its status.
    status: WebhookStatus,
    /// Why the engine disabled it.
    #[prop(optional, into)]
    cause: MaybeText,
) -> impl IntoView {
    let tone = match status {
        WebhookStatus::Active => Tone::Success,
        WebhookStatus::Inactive => Tone::Neutral,
        WebhookStatus::Disabled => Tone::Danger,
    };
    view! { <Pill tone=tone label=status.label() title=cause.0 hollow=status == WebhookStatus::Inactive /> }
}

/// Where a delivery stands.
#[component]
pub fn StateBadge(
    /// Its state.
    state: DeliveryState,
) -> impl IntoView {
    let tone = match state {
        DeliveryState::Pending => Tone::Info,
        DeliveryState::Retrying => Tone::Warning,
        DeliveryState::Delivered => Tone::Success,
        DeliveryState::Exhausted => Tone::Danger,
        DeliveryState::Cancelled => Tone::Neutral,
    };
    view! { <Pill tone=tone label=state.label() hollow=matches!(state, DeliveryState::Pending | DeliveryState::Cancelled) /> }
}

/// How far a replay is.
#[component]
pub fn ReplayBadge(
    /// Its state.
    state: ReplayState,
) -> impl IntoView {
    let tone = match state {
        ReplayState::Running => Tone::Info,
        ReplayState::Paused => Tone::Warning,
        ReplayState::Done => Tone::Success,
        ReplayState::Cancelled => Tone::Neutral,
    };
    view! { <Pill tone=tone label=state.label() hollow=state == ReplayState::Cancelled /> }
}

/// Test or Live.
#[component]
pub fn ModeBadge(
    /// Which.
    mode: WebhookMode,
) -> impl IntoView {
    let (class, icon) = match mode {
        WebhookMode::Test => ("mode mode-test", "flask"),
        WebhookMode::Live => ("mode mode-live", "zap"),
    };
    view! {
        <span class=class>
            <Icon name=icon />
            {mode.label()}
        </span>
    }
}

/// Production or Test: so that nobody mistakes the one study for the other.
#[component]
pub fn StudyBadge(
    /// Whether it is a production study.
    production: bool,
) -> impl IntoView {
    let (class, label) = if production { ("badge study-production", "Production") } else { ("badge study-test", "Test") };
    view! { <span class=class>{label}</span> }
}

/// Why an attempt failed.
#[component]
pub fn FailureBadge(
    /// The kind of failure.
    kind: FailureKind,
    /// The same in a sentence, on hover.
    #[prop(optional, into)]
    message: MaybeText,
) -> impl IntoView {
    let tone = if kind == FailureKind::Cancelled { Tone::Neutral } else { Tone::Danger };
    view! { <Badge tone=tone label=kind.label() title=message /> }
}

/// The status of an HTTP answer: the number, with its reason on hover. A dash where there was no answer.
#[component]
pub fn HttpStatus(
    /// The status.
    status: Option<u16>,
    /// Shows the reason beside the number.
    #[prop(optional)]
    reason: bool,
) -> impl IntoView {
    match status {
        None => view! {
            <span class="none">
                <span aria-hidden="true">"–"</span>
                <span class="visually-hidden">"no answer"</span>
            </span>
        }
        .into_any(),
        Some(code) => {
            let tone = match code {
                200..=299 => Tone::Success,
                300..=399 => Tone::Warning,
                _ => Tone::Danger,
            };
            let known = http::StatusCode::from_u16(code).ok().and_then(|s| s.canonical_reason());
            let text = match known {
                Some(known) if reason => format!("{code} {known}"),
                _ => code.to_string(),
            };
            view! {
                <span class=format!("http {}", tone.class()) title=known>
                    {text}
                </span>
            }
            .into_any()
        }
    }
}
