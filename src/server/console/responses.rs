//! Responses.

use super::{Answer, Fields, Form, Query, Version, Visitor, WebError, again, answered, html, see_other};
use crate::error::{AppError, invalid, not_found};
use crate::model::answers_draft::AnswersDraft;
use crate::model::id::FormId;
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::response::{Response, ResponseStatus};
use crate::pages::answers::Sheet;
use crate::pages::frame::Frame;
use crate::pages::responses::{BeginDraft, NewResponsePage, ResponseAbout, ResponsePage, response_path};
use crate::server::auth::Actor;
use crate::server::service::responses::{NewResponse, ResponseChange, ResponseView};
use crate::server::service::saved::{Saved, WAIT_MAX};
use crate::server::service::{forms, participants, responses};
use crate::ui::Flash;
use axum::extract::Path;
use axum::http::StatusCode;
use leptos::prelude::*;
use serde::Deserialize;
use serde_json::Map;

type Place = Path<(String, String)>;

async fn find(visitor: &Visitor, Path((slug, id)): Place) -> Result<(Actor, ResponseView), WebError> {
    let actor = visitor.actor(&slug).await?;
    let id = id.parse().map_err(|_| not_found("response"))?;
    let view = responses::get(&visitor.app, &actor, &id).await?;
    Ok((actor, view))
}

/// Which form and whose: in the address of the empty form, and in the form.
#[derive(Deserialize)]
pub struct Begin {
    #[serde(default)]
    form: String,
    #[serde(default)]
    participant: String,
}

async fn begin_page(visitor: &Visitor, actor: Actor, begin: Begin, errors: FieldErrors) -> Answer {
    let wrong = !errors.is_empty();
    let forms = forms::list(&visitor.app, &actor, false).await?;
    let frame = Frame::of(visitor, &actor).await?;
    let draft = BeginDraft { form: begin.form, participant: begin.participant };
    let page = move || view! { <NewResponsePage frame=frame study=actor.study forms=forms draft=draft errors=errors /> };
    Ok(if wrong { again(visitor, "Begin a response", page).await } else { html(visitor, "Begin a response", page).await })
}

/// `GET /s/{study}/responses/new?form=&participant=`
pub async fn new_page(visitor: Visitor, Path(slug): Path<String>, Query(begin): Query<Begin>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    actor.require(Action::WriteStudyData)?;
    begin_page(&visitor, actor, begin, FieldErrors::default()).await
}

/// `POST …/new`
pub async fn create(visitor: Visitor, Path(slug): Path<String>, Form(form): Form<Begin>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    match begin(&visitor, &actor, &form).await {
        Ok(saved) => {
            let (response, outcomes) = saved.wait(&visitor.app, WAIT_MAX).await;
            visitor.leave_outcomes(response.id.as_str(), &outcomes).await?;
            visitor.flash(Flash::success("The response is begun.")).await?;
            Ok(see_other(&response_path(&actor.study, &response.id)))
        }
        Err(error @ AppError::Invalid(_)) => begin_page(&visitor, actor, form, error.fields()).await,
        Err(error) => Err(error.into()),
    }
}

async fn begin(visitor: &Visitor, actor: &Actor, typed: &Begin) -> Result<Saved<Response>, AppError> {
    let participant = participants::find_by_identifier(&visitor.app, actor, &typed.participant).await?;
    let form: FormId = typed.form.parse().map_err(|_| invalid("form", "choose a form or survey of this study"))?;
    let participant = participant.ok_or_else(|| invalid("participant", "is nobody’s identifier in this study"))?;
    let new = NewResponse { form, participant: participant.id, status: ResponseStatus::New, answers: Map::new() };
    responses::begin(&visitor.app, actor, new, true).await
}

/// `GET …/{response}`
pub async fn page(visitor: Visitor, place: Place) -> Answer {
    let (actor, view) = find(&visitor, place).await?;
    let typed = AnswersDraft::of(&view.questions, &view.response.answers);
    let version = view.response.version;
    show(&visitor, actor, view, Shown { status: StatusCode::OK, typed, version, errors: FieldErrors::default(), conflict: None }).await
}

/// What a view of a response shows besides the response.
struct Shown {
    status: StatusCode,
    typed: AnswersDraft,
    version: i64,
    errors: FieldErrors,
    conflict: Option<String>,
}

async fn show(visitor: &Visitor, actor: Actor, view: ResponseView, shown: Shown) -> Answer {
    let ResponseView { response, form, questions, participant } = view;
    let Shown { status, typed, version, errors, conflict } = shown;
    let token = visitor.take_shown_once(response.id.as_str()).await?;
    let link = token.map(|token| responses::link_address(&visitor.app, &token));
    let outcomes = visitor.take_outcomes(response.id.as_str()).await?;
    let frame = Frame::of(visitor, &actor).await?;
    let title = format!("{} of {}", form.name, participant.identifier);
    let about = ResponseAbout { study: actor.study, response, form, participant };
    let sheet = Sheet { questions, typed, errors };
    let page = move || view! { <ResponsePage frame=frame about=about sheet=sheet version=version conflict=conflict outcomes=outcomes link=link /> };
    Ok(answered(visitor, status, &title, page).await)
}

/// What a posted form asks to be saved.
pub(super) fn change_of(fields: &Fields, version: Option<i64>) -> Result<ResponseChange, AppError> {
    let status = ResponseStatus::parse(fields.text("status")).filter(|s| *s != ResponseStatus::New);
    let status = status.ok_or_else(|| invalid("status", "must be partial or completed"))?;
    Ok(ResponseChange { version, status, answers: fields.answers().read()? })
}

/// `POST …/{response}?version=`
pub async fn save(visitor: Visitor, place: Place, Query(Version { version }): Query<Version>, Form(fields): Form<Fields>) -> Answer {
    let (actor, view) = find(&visitor, place).await?;
    let before = view.response.status;
    let saved = match change_of(&fields, Some(version)) {
        Ok(change) => responses::save(&visitor.app, &actor, &view.response.id, change, true).await,
        Err(error) => Err(error),
    };
    let (status, errors, conflict) = match saved {
        Ok(saved) => {
            let (response, outcomes) = saved.wait(&visitor.app, WAIT_MAX).await;
            visitor.leave_outcomes(response.id.as_str(), &outcomes).await?;
            let text = match (before, response.status) {
                (ResponseStatus::Completed, _) => "The response is saved again. No webhook is told.",
                (_, ResponseStatus::Completed) => "The response is completed.",
                _ => "The response is saved. It is not completed, so no webhook is told.",
            };
            visitor.flash(Flash::success(text)).await?;
            return Ok(see_other(&response_path(&actor.study, &response.id)));
        }
        Err(error @ AppError::Invalid(_)) => (StatusCode::UNPROCESSABLE_ENTITY, error.fields(), None),
        Err(AppError::Conflict(text)) => (StatusCode::CONFLICT, FieldErrors::default(), Some(text)),
        Err(error) => return Err(error.into()),
    };
    show(&visitor, actor, view, Shown { status, typed: fields.answers(), version, errors, conflict }).await
}

/// `POST …/{response}/link`
pub async fn make_link(visitor: Visitor, place: Place) -> Answer {
    let (actor, view) = find(&visitor, place).await?;
    let id = view.response.id;
    let token = responses::make_link(&visitor.app, &actor, &id).await?;
    visitor.show_once(id.as_str(), &token).await?;
    Ok(see_other(&response_path(&actor.study, &id)))
}
