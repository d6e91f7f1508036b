//! Participants: the list, adding, one's page, editing.

use super::saved::notice;
use super::{Answer, Form, Query, Visitor, again, html, see_other};
use crate::error::{AppError, not_found};
use crate::model::id::ParticipantId;
use crate::model::page::{DEFAULT_LIMIT, Page};
use crate::model::participant::{ParticipantDraft, ParticipantQuery};
use crate::model::problem::FieldErrors;
use crate::pages::frame::{Frame, participants_path};
use crate::pages::participant::ParticipantPage;
use crate::pages::participant_form::{EditParticipantPage, NewParticipantPage};
use crate::pages::participants::ParticipantsPage;
use crate::server::service::participants::ParticipantFilter;
use crate::server::service::responses::ResponseFilter;
use crate::server::service::saved::WAIT_MAX;
use crate::server::service::{forms, participants, responses, sites};
use crate::ui::Flash;
use axum::extract::Path;
use axum::http::StatusCode;
use leptos::prelude::*;
use serde::Deserialize;

/// What of a query can be used, or what is wrong with it.
fn check(query: &ParticipantQuery) -> Result<(ParticipantFilter, Option<ParticipantId>), FieldErrors> {
    let mut errors = FieldErrors::default();
    let site = match query.site.as_str() {
        "" => None,
        text => text.parse().map_err(|_| errors.add("site", "choose one of the list")).ok(),
    };
    let before = match query.cursor.as_str() {
        "" => None,
        text => text.parse().map_err(|_| errors.add("cursor", "is not one that this list gave")).ok(),
    };
    errors.into_result(|| (ParticipantFilter { site, begins: query.begins.clone() }, before))
}

/// `GET /s/{study}/participants`
pub async fn list(visitor: Visitor, Path(slug): Path<String>, Query(query): Query<ParticipantQuery>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let sites = sites::list(&visitor.app, &actor).await?;
    let (page, errors) = match check(&query) {
        Ok((filter, before)) => {
            let page = participants::list(&visitor.app, &actor, &filter, before.as_ref(), DEFAULT_LIMIT).await?;
            (page, FieldErrors::default())
        }
        Err(errors) => (Page { items: Vec::new(), next: None }, errors),
    };
    let wrong = !errors.is_empty();
    let frame = Frame::of(&visitor, &actor).await?;
    let view = move || view! { <ParticipantsPage frame=frame study=actor.study sites=sites query=query errors=errors page=page /> };
    Ok(if wrong { again(&visitor, "Participants", view).await } else { html(&visitor, "Participants", view).await })
}

/// `GET …/participants/new`
pub async fn new_page(visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let sites = sites::list(&visitor.app, &actor).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let (draft, errors) = (ParticipantDraft::default(), FieldErrors::default());
    let page = move || view! { <NewParticipantPage frame=frame study=actor.study sites=sites draft=draft errors=errors /> };
    Ok(html(&visitor, "Add participant", page).await)
}

/// `POST …/participants/new`
pub async fn create(visitor: Visitor, Path(slug): Path<String>, Form(draft): Form<ParticipantDraft>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    match participants::create(&visitor.app, &actor, &draft, true).await {
        Ok(saved) => {
            let (participant, outcomes) = saved.wait(&visitor.app, WAIT_MAX).await;
            let added = || Flash::success(format!("{} is added.", participant.identifier));
            visitor.flash(notice(&outcomes).unwrap_or_else(added)).await?;
            Ok(see_other(&format!("{}/{}", participants_path(&actor.study), participant.id)))
        }
        Err(error @ AppError::Invalid(_)) => {
            let sites = sites::list(&visitor.app, &actor).await?;
            let frame = Frame::of(&visitor, &actor).await?;
            let errors = error.fields();
            let page = move || view! { <NewParticipantPage frame=frame study=actor.study sites=sites draft=draft errors=errors /> };
            Ok(again(&visitor, "Add participant", page).await)
        }
        Err(error) => Err(error.into()),
    }
}

fn id_of(text: &str) -> Result<ParticipantId, AppError> {
    text.parse().map_err(|_| not_found("participant"))
}

/// `GET …/participants/{id}`
pub async fn page(visitor: Visitor, Path((slug, id)): Path<(String, String)>) -> Answer {
    let (app, actor) = (&visitor.app, visitor.actor(&slug).await?);
    let (participant, site) = participants::get(app, &actor, &id_of(&id)?).await?;
    let filter = ResponseFilter { participant: Some(participant.id.clone()), ..ResponseFilter::default() };
    let responses = responses::list(app, &actor, &filter, None, DEFAULT_LIMIT).await?;
    let forms = forms::list(app, &actor, true).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let title = participant.identifier.clone();
    let page = move || {
        view! { <ParticipantPage frame=frame study=actor.study participant=participant site=site responses=responses forms=forms /> }
    };
    Ok(html(&visitor, &title, page).await)
}

/// `GET …/participants/{id}/edit`
pub async fn edit_page(visitor: Visitor, Path((slug, id)): Path<(String, String)>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let (participant, _) = participants::get(&visitor.app, &actor, &id_of(&id)?).await?;
    let sites = sites::list(&visitor.app, &actor).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let (draft, version, errors) = (ParticipantDraft::of(&participant), participant.version, FieldErrors::default());
    let page = move || {
        view! {
            <EditParticipantPage
                frame=frame
                study=actor.study
                sites=sites
                participant=participant
                draft=draft
                version=version
                errors=errors
                conflict=None
            />
        }
    };
    Ok(html(&visitor, "Edit participant", page).await)
}

/// The version that the person began with: part of the form's address.
#[derive(Deserialize)]
pub struct Version {
    version: i64,
}

/// `POST …/participants/{id}/edit`
pub async fn edit(
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
    Query(Version { version }): Query<Version>,
    Form(draft): Form<ParticipantDraft>,
) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let id = id_of(&id)?;
    let (errors, conflict) = match participants::update(&visitor.app, &actor, &id, Some(version), &draft).await {
        Ok(participant) => {
            visitor.flash(Flash::success(format!("{} is saved.", participant.identifier))).await?;
            return Ok(see_other(&format!("{}/{}", participants_path(&actor.study), participant.id)));
        }
        Err(error @ AppError::Invalid(_)) => (error.fields(), None),
        Err(AppError::Conflict(text)) => (FieldErrors::default(), Some(text)),
        Err(error) => return Err(error.into()),
    };
    let status = if conflict.is_some() { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (participant, _) = participants::get(&visitor.app, &actor, &id).await?;
    let sites = sites::list(&visitor.app, &actor).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let page = move || {
        view! {
            <EditParticipantPage
                frame=frame
                study=actor.study
                sites=sites
                participant=participant
                draft=draft
                version=version
                errors=errors
                conflict=conflict
            />
        }
    };
    let mut response = html(&visitor, "Edit participant", page).await;
    *response.status_mut() = status;
    Ok(response)
}
