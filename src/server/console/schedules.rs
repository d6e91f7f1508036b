//! Schedules.

use super::{Answer, Form, Query, Version, Visitor, WebError, again, answered, html, see_other};
use crate::error::{AppError, not_found};
use crate::model::id::RunId;
use crate::model::page::DEFAULT_LIMIT;
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::schedule::{Schedule, ScheduleDraft};
use crate::pages::frame::Frame;
use crate::pages::schedule_edit::{Choices, ScheduleFormPage};
use crate::pages::schedules::{SchedulePage, ScheduleRow, SchedulesPage, schedule_path, schedules_path};
use crate::server::auth::Actor;
use crate::server::service::{schedules, sites, webhooks};
use crate::ui::Flash;
use axum::extract::Path;
use axum::http::StatusCode;
use leptos::prelude::*;
use serde::Deserialize;

type Place = Path<(String, String)>;

async fn find(visitor: &Visitor, Path((slug, id)): Place) -> Result<(Actor, Schedule), WebError> {
    let actor = visitor.actor(&slug).await?;
    let id = id.parse().map_err(|_| not_found("schedule"))?;
    let schedule = schedules::get(&visitor.app, &actor, &id).await?;
    Ok((actor, schedule))
}

/// What can be chosen in the form. Archived webhooks too where they are to be named.
async fn choices(visitor: &Visitor, actor: &Actor, archived: bool) -> Result<Choices, WebError> {
    let sites = sites::list(&visitor.app, actor).await?;
    let webhooks = webhooks::list(&visitor.app, actor, archived).await?.into_iter().map(|(w, _)| w).collect();
    Ok(Choices { sites, webhooks })
}

/// `GET /s/{study}/schedules`
pub async fn list(visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let schedules = schedules::list(&visitor.app, &actor).await?;
    let known = choices(&visitor, &actor, true).await?.webhooks;
    let mut rows = Vec::new();
    for schedule in schedules {
        let last = schedules::runs(&visitor.app, &actor, &schedule.id, None, 1).await?.items.pop();
        let webhooks = known.iter().filter(|w| schedule.webhooks.contains(&w.id)).map(|w| w.settings.name.clone()).collect();
        rows.push(ScheduleRow { schedule, webhooks, last });
    }
    let frame = Frame::of(&visitor, &actor).await?;
    Ok(html(&visitor, "Schedules", move || view! { <SchedulesPage frame=frame study=actor.study schedules=rows /> }).await)
}

/// `GET …/new`
pub async fn new_page(visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    actor.require(Action::WriteStudyData)?;
    let choices = choices(&visitor, &actor, false).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let page = move || view! { <ScheduleFormPage frame=frame study=actor.study choices=choices draft=ScheduleDraft::default() errors=FieldErrors::default() /> };
    Ok(html(&visitor, "Add a schedule", page).await)
}

/// `POST …/new`
pub async fn create(visitor: Visitor, Path(slug): Path<String>, Form(draft): Form<ScheduleDraft>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    match schedules::create(&visitor.app, &actor, &draft).await {
        Ok(schedule) => {
            visitor.flash(Flash::success(format!("“{}” is added.", schedule.name))).await?;
            Ok(see_other(&schedule_path(&actor.study, &schedule.id)))
        }
        Err(error @ AppError::Invalid(_)) => {
            let choices = choices(&visitor, &actor, false).await?;
            let frame = Frame::of(&visitor, &actor).await?;
            let errors = error.fields();
            let page = move || view! { <ScheduleFormPage frame=frame study=actor.study choices=choices draft=draft errors=errors /> };
            Ok(again(&visitor, "Add a schedule", page).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// Which runs are shown.
#[derive(Deserialize)]
pub struct RunsQuery {
    #[serde(default)]
    cursor: String,
}

/// `GET …/{schedule}`
pub async fn page(visitor: Visitor, place: Place, Query(RunsQuery { cursor }): Query<RunsQuery>) -> Answer {
    let (actor, schedule) = find(&visitor, place).await?;
    let before: Option<RunId> = cursor.parse().ok();
    let runs = schedules::runs(&visitor.app, &actor, &schedule.id, before.as_ref(), DEFAULT_LIMIT).await?;
    let Choices { mut sites, mut webhooks } = choices(&visitor, &actor, true).await?;
    sites.retain(|s| schedule.sites.contains(&s.id));
    webhooks.retain(|w| schedule.webhooks.contains(&w.id));
    let frame = Frame::of(&visitor, &actor).await?;
    let title = schedule.name.clone();
    let page = move || view! { <SchedulePage frame=frame study=actor.study schedule=schedule webhooks=webhooks sites=sites cursor=cursor runs=runs /> };
    Ok(html(&visitor, &title, page).await)
}

/// `GET …/{schedule}/edit`
pub async fn edit_page(visitor: Visitor, place: Place) -> Answer {
    let (actor, schedule) = find(&visitor, place).await?;
    let choices = choices(&visitor, &actor, false).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let (draft, version) = (ScheduleDraft::of(&schedule), schedule.version);
    let existing = Some((schedule, version));
    let page = move || view! { <ScheduleFormPage frame=frame study=actor.study existing=existing choices=choices draft=draft errors=FieldErrors::default() /> };
    Ok(html(&visitor, "Edit schedule", page).await)
}

/// `POST …/{schedule}/edit?version=`
pub async fn edit(visitor: Visitor, place: Place, Query(Version { version }): Query<Version>, Form(draft): Form<ScheduleDraft>) -> Answer {
    let (actor, schedule) = find(&visitor, place).await?;
    let (status, errors, conflict) = match schedules::update(&visitor.app, &actor, &schedule.id, Some(version), &draft).await {
        Ok(schedule) => {
            visitor.flash(Flash::success(format!("“{}” is saved.", schedule.name))).await?;
            return Ok(see_other(&schedule_path(&actor.study, &schedule.id)));
        }
        Err(error @ AppError::Invalid(_)) => (StatusCode::UNPROCESSABLE_ENTITY, error.fields(), None),
        Err(AppError::Conflict(text)) => (StatusCode::CONFLICT, FieldErrors::default(), Some(text)),
        Err(error) => return Err(error.into()),
    };
    let choices = choices(&visitor, &actor, false).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let existing = Some((schedule, version));
    let page = move || view! { <ScheduleFormPage frame=frame study=actor.study existing=existing choices=choices draft=draft errors=errors conflict=conflict /> };
    Ok(answered(&visitor, status, "Edit schedule", page).await)
}

/// `POST …/{schedule}/run`
pub async fn run_now(visitor: Visitor, place: Place) -> Answer {
    let (actor, schedule) = find(&visitor, place).await?;
    schedules::run_now(&visitor.app, &actor, &schedule.id).await?;
    visitor.flash(Flash::success("The run has begun. It goes on in the background; load the page again to see how far it is.")).await?;
    Ok(see_other(&schedule_path(&actor.study, &schedule.id)))
}

/// `POST …/{schedule}/archive`
pub async fn archive(visitor: Visitor, place: Place) -> Answer {
    let (actor, schedule) = find(&visitor, place).await?;
    schedules::archive(&visitor.app, &actor, &schedule.id).await?;
    visitor.flash(Flash::success(format!("“{}” is archived. It runs no more.", schedule.name))).await?;
    Ok(see_other(&schedules_path(&actor.study)))
}
