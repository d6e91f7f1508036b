//! Flash messages: what an action left for the page after it.

use super::{Icon, Tone};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What a flash message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlashKind {
    /// It was done.
    Success,
    /// It was not.
    Error,
    /// Worth knowing.
    Info,
    /// It was done, but.
    Warning,
}

/// A message that an action leaves in the session for the page that it redirects to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// What it is about.
    pub kind: FlashKind,
    /// What it says. Never a secret.
    pub text: String,
}

impl Flash {
    /// It was done.
    pub fn success(text: impl Into<String>) -> Self {
        Self { kind: FlashKind::Success, text: text.into() }
    }

    /// It was not.
    pub fn error(text: impl Into<String>) -> Self {
        Self { kind: FlashKind::Error, text: text.into() }
    }

    /// Worth knowing.
    pub fn info(text: impl Into<String>) -> Self {
        Self { kind: FlashKind::Info, text: text.into() }
    }

    /// It was done, but.
    pub fn warning(text: impl Into<String>) -> Self {
        Self { kind: FlashKind::Warning, text: text.into() }
    }

    fn tone(&self) -> Tone {
        match self.kind {
            FlashKind::Success => Tone::Success,
            FlashKind::Error => Tone::Danger,
            FlashKind::Info => Tone::Info,
            FlashKind::Warning => Tone::Warning,
        }
    }
}

/// A flash message in a live region: errors as an alert, all else as a status.
#[component]
pub fn FlashView(
    /// The message, if there is one. The region is there without one too, so that a script may fill it.
    flash: Option<Flash>,
) -> impl IntoView {
    let role = if flash.as_ref().is_some_and(|f| f.kind == FlashKind::Error) { "alert" } else { "status" };
    let inner = flash.map(|f| {
        let tone = f.tone();
        view! {
            <div class=format!("flash {}", tone.class())>
                <Icon name=tone.icon() />
                <p>{f.text}</p>
            </div>
        }
    });
    view! {
        <div class="flash-region" role=role>
            {inner}
        </div>
    }
}
