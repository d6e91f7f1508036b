//! How far participants are with a survey.

use crate::error::{AppError, invalid};
use crate::model::id::{FormId, ParticipantId};
use crate::model::page::Page;
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::response::Progress;
use crate::server::auth::Actor;
use crate::server::service::forms;
use crate::server::state::App;
use crate::server::store::{participants, responses};
use std::collections::HashSet;

/// How far participants are with a survey, by their newest responses to it, a page at a time in the order of their ids: everybody who has
/// one, or exactly those who are `named`. The next page begins after the participant whom `next` names.
///
/// # Errors
/// 403; 404; on `survey` for a form that is none; on `participants[2]` for one who is not there.
pub async fn progress(
    app: &App,
    actor: &Actor,
    survey: &FormId,
    named: Option<&[ParticipantId]>,
    after: Option<&ParticipantId>,
    limit: u32,
) -> Result<Page<Progress>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let study = &actor.study.id;
    let mut db = app.store.read().await?;
    forms::survey(&mut db, study, survey).await?;
    let Some(named) = named else { return Ok(responses::progress(&mut db, study, survey, after, limit).await?) };
    if named.len() > super::RECIPIENTS_MAX {
        return Err(invalid("participants", format!("has {}; at most {} are possible", named.len(), super::RECIPIENTS_MAX)));
    }
    let there: HashSet<ParticipantId> = participants::of_ids(&mut db, study, named).await?.into_iter().map(|p| p.id).collect();
    let mut errors = FieldErrors::default();
    for (index, _) in named.iter().enumerate().filter(|(_, id)| !there.contains(id)) {
        errors.add(format!("participants[{index}]"), "is no participant of this study");
    }
    let mut left = errors.into_result(|| there.into_iter().filter(|id| after.is_none_or(|after| id > after)).collect::<Vec<_>>())?;
    left.sort();
    let more = left.len() > limit as usize;
    left.truncate(limit as usize);
    let next = left.last().filter(|_| more).map(ToString::to_string);
    Ok(Page { items: responses::progress_of(&mut db, study, survey, &left).await?, next })
}
