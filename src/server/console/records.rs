//! Records and their review.

use super::{Answer, Fields, Form, Query, Version, Visitor, WebError, again, answered, html, see_other};
use crate::error::{AppError, invalid, not_found};
use crate::model::answers_draft::AnswersDraft;
use crate::model::form::{Form as StudyForm, FormKind};
use crate::model::id::{FormId, ParticipantId, RecordId};
use crate::model::page::DEFAULT_LIMIT;
use crate::model::problem::FieldErrors;
use crate::model::record::Record;
use crate::model::synchronous::SyncOutcome;
use crate::pages::answers::Sheet;
use crate::pages::frame::Frame;
use crate::pages::record::{RecordAbout, RecordPage};
use crate::pages::records::{NewRecordPage, RecordRow, RecordsPage, record_path};
use crate::server::auth::Actor;
use crate::server::secret::Secret;
use crate::server::service::records::{RecordChange, RecordView};
use crate::server::service::saved::{Saved, WAIT_MAX};
use crate::server::service::{forms, participants, records};
use crate::ui::Flash;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use leptos::prelude::*;
use serde::Deserialize;

type Place = Path<(String, String)>;

async fn find(visitor: &Visitor, Path((slug, id)): Place) -> Result<(Actor, RecordView), WebError> {
    let actor = visitor.actor(&slug).await?;
    let id = id.parse().map_err(|_| not_found("record"))?;
    let view = records::get(&visitor.app, &actor, &id).await?;
    Ok((actor, view))
}

/// Which records the list shows.
#[derive(Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    form: String,
    #[serde(default)]
    cursor: String,
}

/// `GET /s/{study}/records`
pub async fn list(visitor: Visitor, Path(slug): Path<String>, Query(ListQuery { form, cursor }): Query<ListQuery>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let of_form: Option<FormId> = form.parse().ok();
    let before: Option<RecordId> = cursor.parse().ok();
    let page = records::list(&visitor.app, &actor, of_form.as_ref(), before.as_ref(), DEFAULT_LIMIT).await?;
    let forms = forms::list(&visitor.app, &actor, true).await?;
    let names = participants::identifiers(&visitor.app, &actor, page.items.iter().filter_map(|r| r.participant_id.as_ref())).await?;
    let page = page.map(|record| RecordRow {
        form: forms.iter().find(|f| f.id == record.form_id).map(|f| f.name.clone()).unwrap_or_default(),
        participant: record.participant_id.as_ref().and_then(|id| names.get(id).cloned()),
        record,
    });
    let levels = records::levels(&visitor.app, &actor).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let forms = forms.into_iter().filter(|f| f.kind == FormKind::Form).collect();
    let view = move || view! { <RecordsPage frame=frame study=actor.study forms=forms levels=levels form=form cursor=cursor page=page /> };
    Ok(html(&visitor, "Records", view).await)
}

/// The form of a new record: part of the page's address.
#[derive(Deserialize)]
pub struct OfForm {
    #[serde(default)]
    form: String,
}

/// The form that was chosen, among those that take records.
async fn choose(visitor: &Visitor, actor: &Actor, id: &str) -> Result<(Vec<StudyForm>, Option<StudyForm>), WebError> {
    let mut forms = forms::list(&visitor.app, actor, false).await?;
    forms.retain(|f| f.kind == FormKind::Form);
    let chosen = forms.iter().find(|f| f.id.as_str() == id).cloned();
    Ok((forms, chosen))
}

/// `GET …/new?form=`
pub async fn new_page(visitor: Visitor, Path(slug): Path<String>, Query(OfForm { form }): Query<OfForm>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let (forms, chosen) = choose(&visitor, &actor, &form).await?;
    let questions = chosen.as_ref().map(|f| f.questions.clone()).unwrap_or_default();
    let sheet = Sheet { typed: AnswersDraft::of(&questions, &serde_json::Map::new()), questions, errors: FieldErrors::default() };
    let frame = Frame::of(&visitor, &actor).await?;
    let view =
        move || view! { <NewRecordPage frame=frame study=actor.study forms=forms form=chosen participant=String::new() sheet=sheet /> };
    Ok(html(&visitor, "New record", view).await)
}

/// `POST …/new?form=`
pub async fn create(
    visitor: Visitor,
    Path(slug): Path<String>,
    Query(OfForm { form }): Query<OfForm>,
    Form(fields): Form<Fields>,
) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let (forms, chosen) = choose(&visitor, &actor, &form).await?;
    match insert(&visitor, &actor, chosen.as_ref(), &fields).await {
        Ok(saved) => {
            let (record, outcomes) = saved.wait(&visitor.app, WAIT_MAX).await;
            done(&visitor, &actor, &record, &outcomes, format!("Record {} is saved.", record.trans_id)).await
        }
        Err(error @ AppError::Invalid(_)) => {
            let questions = chosen.as_ref().map(|f| f.questions.clone()).unwrap_or_default();
            let sheet = Sheet { questions, typed: fields.answers(), errors: error.fields() };
            let participant = fields.text("participant").to_owned();
            let frame = Frame::of(&visitor, &actor).await?;
            let view = move || view! { <NewRecordPage frame=frame study=actor.study forms=forms form=chosen participant=participant sheet=sheet /> };
            Ok(again(&visitor, "New record", view).await)
        }
        Err(error) => Err(error.into()),
    }
}

async fn insert(visitor: &Visitor, actor: &Actor, form: Option<&StudyForm>, fields: &Fields) -> Result<Saved<Record>, AppError> {
    let form = form.ok_or_else(|| invalid("form", "choose a form of this study"))?;
    let participant: Option<ParticipantId> = match fields.text("participant").trim() {
        "" => None,
        identifier => {
            let found = participants::find_by_identifier(&visitor.app, actor, identifier).await?;
            Some(found.ok_or_else(|| invalid("participant", "is nobody’s identifier in this study; it may stay empty"))?.id)
        }
    };
    let answers = fields.answers().read()?;
    records::create(&visitor.app, actor, &form.id, participant.as_ref(), &answers, true).await
}

/// To the record's page, with what came of the webhooks that the save waited for.
async fn done(visitor: &Visitor, actor: &Actor, record: &Record, outcomes: &[SyncOutcome], text: String) -> Result<Response, WebError> {
    visitor.leave_outcomes(record.id.as_str(), outcomes).await?;
    let took: Vec<&str> = outcomes.iter().filter(|o| o.failure.is_none()).map(|o| o.webhook_name.as_str()).collect();
    let text = if took.is_empty() { text } else { format!("{text} {} has it.", took.join(", ")) };
    visitor.flash(Flash::success(text)).await?;
    Ok(see_other(&record_path(&actor.study, &record.id)))
}

/// `GET …/{record}`
pub async fn page(visitor: Visitor, place: Place) -> Answer {
    let (actor, view) = find(&visitor, place).await?;
    let typed = AnswersDraft::of(&view.questions, &view.record.answers);
    let version = view.record.version;
    show(&visitor, actor, view, Shown { status: StatusCode::OK, typed, version, errors: FieldErrors::default(), conflict: None }).await
}

/// What a view of a record shows besides the record.
struct Shown {
    status: StatusCode,
    typed: AnswersDraft,
    version: i64,
    errors: FieldErrors,
    conflict: Option<String>,
}

async fn show(visitor: &Visitor, actor: Actor, view: RecordView, shown: Shown) -> Answer {
    let RecordView { record, form, questions, participant, levels } = view;
    let Shown { status, typed, version, errors, conflict } = shown;
    let outcomes = visitor.take_outcomes(record.id.as_str()).await?;
    let frame = Frame::of(visitor, &actor).await?;
    let title = format!("Record {}", record.trans_id);
    let about = RecordAbout { study: actor.study, record, form, participant, levels };
    let sheet = Sheet { questions, typed, errors };
    let page = move || view! { <RecordPage frame=frame about=about sheet=sheet version=version conflict=conflict outcomes=outcomes /> };
    Ok(answered(visitor, status, &title, page).await)
}

/// `POST …/{record}?version=`
pub async fn save(visitor: Visitor, place: Place, Query(Version { version }): Query<Version>, Form(fields): Form<Fields>) -> Answer {
    let (actor, view) = find(&visitor, place).await?;
    let break_lock = !fields.text("break_lock").is_empty();
    let saved = match fields.answers().read() {
        Ok(answers) => {
            let change = RecordChange { version: Some(version), answers, break_lock };
            records::update(&visitor.app, &actor, &view.record.id, change, true).await
        }
        Err(errors) => Err(errors.into()),
    };
    let (status, errors, conflict) = match saved {
        Ok(saved) => {
            let (record, outcomes) = saved.wait(&visitor.app, WAIT_MAX).await;
            return done(&visitor, &actor, &record, &outcomes, format!("Record {} is saved.", record.trans_id)).await;
        }
        Err(error @ AppError::Invalid(_)) => (StatusCode::UNPROCESSABLE_ENTITY, error.fields(), None),
        Err(AppError::Conflict(text)) => (StatusCode::CONFLICT, FieldErrors::default(), Some(text)),
        Err(error) => return Err(error.into()),
    };
    show(&visitor, actor, view, Shown { status, typed: fields.answers(), version, errors, conflict }).await
}

/// To which level, and whose signature it is.
#[derive(Deserialize)]
pub struct Review {
    #[serde(default)]
    level: String,
    #[serde(default)]
    password: String,
}

/// `POST …/{record}/review?version=`
pub async fn review(visitor: Visitor, place: Place, Query(Version { version }): Query<Version>, Form(form): Form<Review>) -> Answer {
    let (actor, view) = find(&visitor, place).await?;
    let to = match form.level.as_str() {
        "" => Ok(None),
        text => text.parse::<u8>().map(Some).map_err(|_| invalid("level", "must be one of the study's review levels")),
    };
    let password = Some(form.password).filter(|p| !p.is_empty()).map(Secret::new);
    let reviewed = match to {
        Ok(to) => records::review(&visitor.app, &actor, &view.record.id, Some(version), to, password, true).await,
        Err(error) => Err(error),
    };
    let (status, errors, conflict) = match reviewed {
        Ok(saved) => {
            let (record, outcomes) = saved.wait(&visitor.app, WAIT_MAX).await;
            let level = record.review.and_then(|seq| view.levels.at(seq)).map(|l| l.name.clone());
            let text = match level {
                Some(name) => format!("Record {} is at the review “{name}”.", record.trans_id),
                None => format!("Record {} is not reviewed any more.", record.trans_id),
            };
            return done(&visitor, &actor, &record, &outcomes, text).await;
        }
        Err(error @ AppError::Invalid(_)) => (StatusCode::UNPROCESSABLE_ENTITY, error.fields(), None),
        Err(AppError::Conflict(text)) => (StatusCode::CONFLICT, FieldErrors::default(), Some(text)),
        Err(error) => return Err(error.into()),
    };
    let typed = AnswersDraft::of(&view.questions, &view.record.answers);
    show(&visitor, actor, view, Shown { status, typed, version, errors, conflict }).await
}
