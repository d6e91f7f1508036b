//! Participants as a platform sends them, by identifier or e-mail: created where they are not known, changed where they are.

use super::{Saved, change, created_event, named, new_participant, origin_of, taken};
use crate::error::{AppError, invalid};
use crate::model::event::NewEvent;
use crate::model::participant::{CheckedParticipant, DETAILS_MAX, Participant, ParticipantDraft};
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::server::auth::Actor;
use crate::server::engine::intake::{self, Audience, Planned};
use crate::server::state::App;
use crate::server::store::{Tx, participants, studies};
use serde_json::json;

/// Participants that one call takes.
pub const UPSERT_MAX: usize = 500;

/// A participant as they are now.
#[derive(Debug, Clone)]
pub struct Upserted {
    /// They.
    pub participant: Participant,
    /// Whether they are new.
    pub created: bool,
}

/// Creates a participant, or changes the one with the same identifier, else the one with the same e-mail. What the draft leaves empty
/// stays. Says whether they are new.
///
/// # Errors
/// 403; each wrong field.
pub async fn upsert(app: &App, actor: &Actor, draft: &ParticipantDraft, waits: bool) -> Result<(Saved<Participant>, bool), AppError> {
    actor.require(Action::WriteStudyData)?;
    let checked = check(draft)?;
    let hooks = intake::webhooks_of(&app.engine, &actor.study).await?;
    let mut tx = app.store.begin().await?;
    studies::hold(&mut tx, &actor.study.id).await?;
    let (Upserted { participant, created }, event) = write(app, actor, &mut tx, checked).await?;
    let events = event.into_iter().collect();
    let mut planned = Planned::new(&app.engine, &actor.study, &hooks, events, Audience::Subscribed, waits);
    planned.write(&app.engine, &mut tx).await?;
    tx.commit().await?;
    Ok((Saved::new(participant, planned.committed(&app.engine)), created))
}

/// [`upsert`] of 1–[`UPSERT_MAX`] participants, one after the other in one transaction: all or none. Gives them in their order.
///
/// # Errors
/// 403; each wrong field of each draft by its index, such as `[3].email`.
pub async fn upsert_many(app: &App, actor: &Actor, drafts: &[ParticipantDraft], waits: bool) -> Result<Saved<Vec<Upserted>>, AppError> {
    actor.require(Action::WriteStudyData)?;
    if !(1..=UPSERT_MAX).contains(&drafts.len()) {
        return Err(invalid("", format!("has {}; give 1–{UPSERT_MAX} at a time", drafts.len())));
    }
    let checked = check_all(drafts)?;
    let hooks = intake::webhooks_of(&app.engine, &actor.study).await?;
    let mut tx = app.store.begin().await?;
    studies::hold(&mut tx, &actor.study.id).await?;
    let (upserted, events) = write_all(app, actor, &mut tx, checked).await?;
    let mut planned = Planned::new(&app.engine, &actor.study, &hooks, events, Audience::Subscribed, waits);
    planned.write(&app.engine, &mut tx).await?;
    tx.commit().await?;
    Ok(Saved::new(upserted, planned.committed(&app.engine)))
}

fn check(draft: &ParticipantDraft) -> Result<CheckedParticipant, FieldErrors> {
    let checked = draft.check()?;
    if checked.identifier.is_none() && checked.email.is_none() {
        return Err(FieldErrors::one("identifier", "give an identifier or an e-mail by which the participant is known"));
    }
    Ok(checked)
}

/// What can be said of the drafts without looking at what is there.
///
/// # Errors
/// As [`upsert_many`].
pub(in crate::server::service) fn check_all(drafts: &[ParticipantDraft]) -> Result<Vec<CheckedParticipant>, FieldErrors> {
    let (mut all, mut errors) = (Vec::with_capacity(drafts.len()), FieldErrors::default());
    for (index, draft) in drafts.iter().enumerate() {
        match check(draft) {
            Ok(checked) => all.push(checked),
            Err(wrong) => wrong.0.into_iter().for_each(|e| errors.add(format!("[{index}].{}", e.field), e.message)),
        }
    }
    errors.into_result(|| all)
}

/// Writes them in the caller's transaction, which holds the study; gives the events of the new ones.
///
/// # Errors
/// As [`upsert_many`].
pub(in crate::server::service) async fn write_all(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    all: Vec<CheckedParticipant>,
) -> Result<(Vec<Upserted>, Vec<NewEvent>), AppError> {
    let (mut upserted, mut events) = (Vec::with_capacity(all.len()), Vec::new());
    for (index, checked) in all.into_iter().enumerate() {
        let (one, event) = write(app, actor, tx, checked).await.map_err(|e| e.with_fields(|field| format!("[{index}].{field}")))?;
        upserted.push(one);
        events.extend(event);
    }
    Ok((upserted, events))
}

/// The caller holds the study: of two that bring the same new e-mail the second finds the first one's participant, and two that bring the
/// same participants in another order do not wait for each other in a circle.
async fn write(app: &App, actor: &Actor, tx: &mut Tx, checked: CheckedParticipant) -> Result<(Upserted, Option<NewEvent>), AppError> {
    let study = &actor.study.id;
    let known = match (&checked.identifier, &checked.email) {
        (Some(identifier), _) => participants::find_by_identifier(tx, study, identifier).await?,
        (None, Some(email)) => participants::find_by_email(tx, study, email).await?,
        (None, None) => None,
    };
    let site = match &checked.site {
        Some(text) => Some(named(tx, actor, text).await?),
        None => None,
    };
    let now = app.clock.now();
    let before = match known {
        Some(before) => before,
        None => {
            let participant = new_participant(app, &actor.study, checked.clone(), site.as_ref(), origin_of(actor), now);
            if participants::insert(tx, &participant).await? {
                let event = created_event(&participant, site.as_ref());
                let changes = json!({"identifier": [null, participant.identifier], "site": [null, site.map(|s| s.name)]});
                actor.audit(tx, now, "participant.created", participant.id.as_str(), changes, None).await?;
                return Ok((Upserted { participant, created: true }, Some(event)));
            }
            // Created at this moment by somebody who does not hold the study. An identifier that was made here is nobody's to change.
            match &checked.identifier {
                Some(identifier) => participants::find_by_identifier(tx, study, identifier).await?,
                None => None,
            }
            .ok_or_else(|| taken(&participant.identifier))?
        }
    };
    let mut details = before.details.clone();
    details.extend(checked.details);
    if details.len() > DETAILS_MAX {
        let message = format!("would be {} with those that are there already; at most {DETAILS_MAX} are possible", details.len());
        return Err(invalid("details", message));
    }
    let after = Participant {
        site_id: site.map(|s| s.id).or_else(|| before.site_id.clone()),
        email: checked.email.or_else(|| before.email.clone()),
        details,
        version: before.version + 1,
        updated_at: now,
        ..before.clone()
    };
    let same = after.site_id == before.site_id && after.email == before.email && after.details == before.details;
    if same {
        return Ok((Upserted { participant: before, created: false }, None));
    }
    change(actor, tx, &before, &after).await?;
    Ok((Upserted { participant: after, created: false }, None))
}
