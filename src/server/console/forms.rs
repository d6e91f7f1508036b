//! Forms and surveys.

use super::{Answer, Form as Posted, Query, Version, Visitor, WebError, again, answered, html, see_other};
use crate::error::{AppError, not_found};
use crate::model::form::{Form, FormDraft, FormKind};
use crate::model::id::ResponseId;
use crate::model::page::DEFAULT_LIMIT;
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::response::ResponseStatus;
use crate::pages::form_edit::{EditFormPage, NewFormPage};
use crate::pages::forms::{Counts, FormPage, FormsPage, form_path, forms_path};
use crate::pages::frame::Frame;
use crate::pages::responses::ResponseRow;
use crate::server::auth::Actor;
use crate::server::service::responses::ResponseFilter;
use crate::server::service::{forms, participants, responses};
use crate::ui::Flash;
use axum::extract::Path;
use axum::http::StatusCode;
use leptos::prelude::*;
use serde::Deserialize;

type Place = Path<(String, String)>;

async fn find(visitor: &Visitor, Path((slug, id)): Place) -> Result<(Actor, Form), WebError> {
    let actor = visitor.actor(&slug).await?;
    let id = id.parse().map_err(|_| not_found("form"))?;
    let form = forms::get(&visitor.app, &actor, &id).await?;
    Ok((actor, form))
}

/// The list's filter.
#[derive(Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    archived: bool,
}

/// `GET /s/{study}/forms`
pub async fn list(visitor: Visitor, Path(slug): Path<String>, Query(ListQuery { archived }): Query<ListQuery>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let mut rows = Vec::new();
    for form in forms::list(&visitor.app, &actor, archived).await?.into_iter().filter(|f| f.archived_at.is_some() == archived) {
        let counts = Counts(forms::counts(&visitor.app, &actor, &form.id).await?);
        rows.push((form, counts));
    }
    let frame = Frame::of(&visitor, &actor).await?;
    let page = move || view! { <FormsPage frame=frame study=actor.study forms=rows archived=archived /> };
    Ok(html(&visitor, "Forms and surveys", page).await)
}

/// `GET …/new`
pub async fn new_page(visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    actor.require(Action::WriteStudyData)?;
    let frame = Frame::of(&visitor, &actor).await?;
    let draft = FormDraft { kind: FormKind::Form.as_str().to_owned(), ..FormDraft::default() };
    let page = move || view! { <NewFormPage frame=frame study=actor.study draft=draft errors=FieldErrors::default() /> };
    Ok(html(&visitor, "Add a form or survey", page).await)
}

/// `POST …/new`
pub async fn create(visitor: Visitor, Path(slug): Path<String>, Posted(draft): Posted<FormDraft>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    match forms::create(&visitor.app, &actor, &draft).await {
        Ok(form) => {
            visitor.flash(Flash::success(format!("“{}” is added.", form.name))).await?;
            Ok(see_other(&form_path(&actor.study, &form.id)))
        }
        Err(error @ AppError::Invalid(_)) => {
            let frame = Frame::of(&visitor, &actor).await?;
            let errors = error.fields();
            let page = move || view! { <NewFormPage frame=frame study=actor.study draft=draft errors=errors /> };
            Ok(again(&visitor, "Add a form or survey", page).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// Which of a form's responses are shown.
#[derive(Deserialize)]
pub struct ResponsesQuery {
    #[serde(default)]
    status: String,
    #[serde(default)]
    cursor: String,
}

/// `GET …/{form}`
pub async fn page(visitor: Visitor, place: Place, Query(ResponsesQuery { status, cursor }): Query<ResponsesQuery>) -> Answer {
    let (actor, form) = find(&visitor, place).await?;
    let status = ResponseStatus::parse(&status);
    let filter = ResponseFilter { form: Some(form.id.clone()), participant: None, status };
    let before: Option<ResponseId> = cursor.parse().ok();
    let page = responses::list(&visitor.app, &actor, &filter, before.as_ref(), DEFAULT_LIMIT).await?;
    let names = participants::identifiers(&visitor.app, &actor, page.items.iter().map(|r| &r.participant_id)).await?;
    let page = page.map(|response| {
        let participant = names.get(&response.participant_id).cloned().unwrap_or_else(|| response.participant_id.to_string());
        ResponseRow { response, participant }
    });
    let counts = Counts(forms::counts(&visitor.app, &actor, &form.id).await?);
    let frame = Frame::of(&visitor, &actor).await?;
    let title = form.name.clone();
    let view = move || view! { <FormPage frame=frame study=actor.study form=form counts=counts status=status cursor=cursor page=page /> };
    Ok(html(&visitor, &title, view).await)
}

/// `GET …/{form}/edit`
pub async fn edit_page(visitor: Visitor, place: Place) -> Answer {
    let (actor, form) = find(&visitor, place).await?;
    let (draft, version) = (FormDraft::of(&form), form.version);
    let frame = Frame::of(&visitor, &actor).await?;
    let page = move || view! { <EditFormPage frame=frame study=actor.study form=form draft=draft version=version errors=FieldErrors::default() conflict=None /> };
    Ok(html(&visitor, "Edit", page).await)
}

/// `POST …/{form}/edit`
pub async fn edit(visitor: Visitor, place: Place, Query(Version { version }): Query<Version>, Posted(draft): Posted<FormDraft>) -> Answer {
    let (actor, form) = find(&visitor, place).await?;
    let (status, errors, conflict) = match forms::update(&visitor.app, &actor, &form.id, Some(version), &draft).await {
        Ok(form) => {
            visitor.flash(Flash::success(format!("“{}” is saved, at version {}.", form.name, form.version))).await?;
            return Ok(see_other(&form_path(&actor.study, &form.id)));
        }
        Err(error @ AppError::Invalid(_)) => (StatusCode::UNPROCESSABLE_ENTITY, error.fields(), None),
        Err(AppError::Conflict(text)) => (StatusCode::CONFLICT, FieldErrors::default(), Some(text)),
        Err(error) => return Err(error.into()),
    };
    let frame = Frame::of(&visitor, &actor).await?;
    let page = move || view! { <EditFormPage frame=frame study=actor.study form=form draft=draft version=version errors=errors conflict=conflict /> };
    Ok(answered(&visitor, status, "Edit", page).await)
}

/// `POST …/{form}/archive`
pub async fn archive(visitor: Visitor, place: Place) -> Answer {
    let (actor, form) = find(&visitor, place).await?;
    let form = forms::archive(&visitor.app, &actor, &form.id).await?;
    visitor.flash(Flash::success(format!("“{}” is archived. Its responses stay readable.", form.name))).await?;
    Ok(see_other(&forms_path(&actor.study)))
}
