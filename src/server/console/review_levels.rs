//! The review levels of a study.

use super::{Answer, Fields, Form, Visitor, answered, html, see_other};
use crate::error::AppError;
use crate::model::problem::FieldErrors;
use crate::model::review_draft::LevelsDraft;
use crate::pages::frame::Frame;
use crate::pages::records::records_path;
use crate::pages::review_levels::ReviewLevelsPage;
use crate::server::service::records;
use crate::ui::Flash;
use axum::extract::Path;
use axum::http::StatusCode;
use leptos::prelude::*;

/// `GET /s/{study}/records/levels`
pub async fn page(visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let draft = LevelsDraft::of(&records::levels(&visitor.app, &actor).await?);
    let frame = Frame::of(&visitor, &actor).await?;
    let page = move || view! { <ReviewLevelsPage frame=frame study=actor.study draft=draft errors=FieldErrors::default() conflict=None /> };
    Ok(html(&visitor, "Review levels", page).await)
}

/// `POST /s/{study}/records/levels`
pub async fn save(visitor: Visitor, Path(slug): Path<String>, Form(fields): Form<Fields>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let draft = LevelsDraft::from_fields(fields.pairs());
    // Whoever may not is told so, not what is wrong with what they typed.
    records::levels(&visitor.app, &actor).await?;
    let saved = match draft.check() {
        Ok(levels) => records::set_levels(&visitor.app, &actor, levels).await,
        Err(errors) => Err(errors.into()),
    };
    let (status, errors, conflict) = match saved {
        Ok(levels) => {
            let text = match levels.0.len() {
                0 => "Records are not reviewed in this study.".to_owned(),
                1 => "Records are reviewed in one step.".to_owned(),
                n => format!("Records are reviewed in {n} steps."),
            };
            visitor.flash(Flash::success(text)).await?;
            return Ok(see_other(&records_path(&actor.study)));
        }
        Err(error @ AppError::Invalid(_)) => (StatusCode::UNPROCESSABLE_ENTITY, error.fields(), None),
        Err(AppError::Conflict(text)) => (StatusCode::CONFLICT, FieldErrors::default(), Some(text)),
        Err(error) => return Err(error.into()),
    };
    let frame = Frame::of(&visitor, &actor).await?;
    let page = move || view! { <ReviewLevelsPage frame=frame study=actor.study draft=draft errors=errors conflict=conflict /> };
    Ok(answered(&visitor, status, "Review levels", page).await)
}
