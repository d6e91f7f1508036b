//! The participant's own page: a form or survey to answer, without an account. Calm, large, for a phone first.

use super::answers::{AnswerFields, Sheet};
use crate::ui::{Banner, ErrorSummary, Icon, Tone};
use leptos::prelude::*;

/// The questions, or thanks once they were answered.
#[component]
pub fn ParticipantAnswerPage(
    /// The form's or survey's name.
    title: String,
    /// The link's secret part: where the answers are sent.
    token: String,
    /// The questions and what stands in their fields.
    sheet: Sheet,
    /// The version that the participant began with.
    version: i64,
    /// That a save went before this view.
    saved: bool,
    /// What kept the answers from being saved, where it is no field.
    conflict: Option<String>,
) -> impl IntoView {
    let (names, errors) = (sheet.names(), sheet.errors.clone());
    let action = format!("/r/{token}");
    let again = action.clone();
    let saved = saved.then(|| {
        view! {
            <div role="status">
                <Banner tone=Tone::Success title="Saved for later">
                    <p>"You can close this page, and go on with the same link whenever you like."</p>
                </Banner>
            </div>
        }
    });
    let conflict = conflict.map(|text| {
        view! {
            <div role="alert">
                <Banner tone=Tone::Danger title="Not saved">
                    <p>{text}</p>
                    <p><a href=again>"Load the page again"</a></p>
                </Banner>
            </div>
        }
    });
    let nothing = sheet.questions.is_empty();
    let fields = if nothing {
        view! { <p>"There is nothing to fill in. Send it when you are ready."</p> }.into_any()
    } else {
        view! { <AnswerFields sheet=sheet /> }.into_any()
    };
    view! {
        <main id="main" class="answer">
            <h1>{title}</h1>
            <p class="lead">"Take your time. You can save what you have and finish later."</p>
            {saved}
            <ErrorSummary errors=errors names=names title="Not sent yet. Please look at these again." />
            {conflict}
            <form method="post" action=action>
                <input type="hidden" name="version" value=version.to_string() />
                {fields}
                <div class="answer-actions">
                    <button class="button" type="submit" name="status" value="partial">"Save for later"</button>
                    <button class="button primary" type="submit" name="status" value="completed">"Send my answers"</button>
                </div>
            </form>
        </main>
    }
}

/// After the answers were sent.
#[component]
pub fn ThanksPage(
    /// The form's or survey's name.
    title: String,
) -> impl IntoView {
    view! {
        <main id="main" class="answer answer-thanks">
            <span class="empty-icon"><Icon name="check" /></span>
            <h1>"Thank you"</h1>
            <p class="lead">"Your answers to “" {title} "” were sent. There is nothing more to do; you can close this page."</p>
        </main>
    }
}
