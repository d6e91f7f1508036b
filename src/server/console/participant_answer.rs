//! The participant's own page: their link is all that it asks for. It keeps no session.

use super::responses::change_of;
use super::{Answer, Fields, Form, Query, Visitor, answered, see_other};
use crate::error::AppError;
use crate::model::answers_draft::AnswersDraft;
use crate::model::problem::FieldErrors;
use crate::model::response::ResponseStatus;
use crate::pages::answers::Sheet;
use crate::pages::participant_answer::{ParticipantAnswerPage, ThanksPage};
use crate::server::service::responses::{self, ResponseView};
use axum::extract::Path;
use axum::http::StatusCode;
use leptos::prelude::*;
use serde::Deserialize;

/// Whether a save went before this view.
#[derive(Deserialize)]
pub struct After {
    #[serde(default)]
    saved: bool,
}

/// An answer that opens nothing says what a participant can do about it.
fn for_participant(error: AppError) -> AppError {
    match error {
        AppError::NotFound(_) => {
            AppError::NotFound("This link opens nothing: it was mistyped, or another one was made since. Ask your study team.".to_owned())
        }
        other => other,
    }
}

/// `GET /r/{token}`
pub async fn page(visitor: Visitor, Path(token): Path<String>, Query(After { saved }): Query<After>) -> Answer {
    let view = responses::by_link(&visitor.app, &token).await.map_err(for_participant)?;
    let typed = AnswersDraft::of(&view.questions, &view.response.answers);
    let version = view.response.version;
    show(&visitor, token, view, Shown { status: StatusCode::OK, typed, version, saved, errors: FieldErrors::default(), conflict: None })
        .await
}

struct Shown {
    status: StatusCode,
    typed: AnswersDraft,
    version: i64,
    saved: bool,
    errors: FieldErrors,
    conflict: Option<String>,
}

async fn show(visitor: &Visitor, token: String, view: ResponseView, shown: Shown) -> Answer {
    let ResponseView { response, form, questions, .. } = view;
    let title = form.name;
    let heading = title.clone();
    if response.status == ResponseStatus::Completed {
        return Ok(answered(visitor, shown.status, &heading, move || view! { <ThanksPage title=title /> }).await);
    }
    let Shown { status, typed, version, saved, errors, conflict } = shown;
    let sheet = Sheet { questions, typed, errors };
    let page =
        move || view! { <ParticipantAnswerPage title=title token=token sheet=sheet version=version saved=saved conflict=conflict /> };
    Ok(answered(visitor, status, &heading, page).await)
}

/// `POST /r/{token}`
pub async fn save(visitor: Visitor, Path(token): Path<String>, Form(fields): Form<Fields>) -> Answer {
    let view = responses::by_link(&visitor.app, &token).await.map_err(for_participant)?;
    let version: i64 =
        fields.text("version").parse().map_err(|_| AppError::Malformed("Load the page again, and send its own form.".to_owned()))?;
    let saved = match change_of(&fields, Some(version)) {
        Ok(mut change) => {
            // What the study put into a form without questions is not the participant's to change.
            if view.questions.is_empty() {
                change.answers = view.response.answers.clone();
            }
            responses::save_by_link(&visitor.app, &token, change).await
        }
        Err(error) => Err(error),
    };
    let (status, errors, conflict) = match saved {
        Ok(response) if response.status == ResponseStatus::Completed => return Ok(see_other(&format!("/r/{token}"))),
        Ok(_) => return Ok(see_other(&format!("/r/{token}?saved=true"))),
        Err(error @ AppError::Invalid(_)) => (StatusCode::UNPROCESSABLE_ENTITY, error.fields(), None),
        Err(AppError::Conflict(text)) => (StatusCode::CONFLICT, FieldErrors::default(), Some(text)),
        Err(error) => return Err(for_participant(error).into()),
    };
    let typed = fields.answers();
    show(&visitor, token, view, Shown { status, typed, version, saved: false, errors, conflict }).await
}
