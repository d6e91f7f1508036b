//! Participants. Creating one, by any path, makes the event `participant.created`, once; changing one makes none.

mod upsert;

pub use upsert::{UPSERT_MAX, Upserted, upsert, upsert_many};
pub(super) use upsert::{check_all, write_all};

use super::saved::Saved;
use super::sites::named;
use crate::error::{AppError, invalid, not_found};
use crate::model::event::NewEvent;
use crate::model::event_type::EventType;
use crate::model::id::{ParticipantId, SiteId};
use crate::model::page::Page;
use crate::model::participant::{CheckedParticipant, Origin, Participant, ParticipantDraft, made_identifier};
use crate::model::permission::Action;
use crate::model::site::Site;
use crate::model::time::Timestamp;
use crate::server::auth::{Actor, Who};
use crate::server::engine::intake::{self, Audience, Planned};
use crate::server::state::App;
use crate::server::store::{Db, StoreError, Tx, participants, sites};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The `source` of every event of study data.
pub const SOURCE: &str = "/hookwell/study-data";

/// Which participants a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParticipantFilter {
    /// Of this site.
    pub site: Option<SiteId>,
    /// Whose identifier begins so.
    pub begins: String,
}

/// The participants of the actor's study, newest first.
///
/// # Errors
/// 403.
pub async fn list(
    app: &App,
    actor: &Actor,
    filter: &ParticipantFilter,
    before: Option<&ParticipantId>,
    limit: u32,
) -> Result<Page<Participant>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    Ok(participants::list(&mut db, &actor.study.id, filter.site.as_ref(), filter.begins.trim(), before, limit).await?)
}

/// One participant, and their site.
///
/// # Errors
/// 403, 404.
pub async fn get(app: &App, actor: &Actor, id: &ParticipantId) -> Result<(Participant, Option<Site>), AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    let Some(participant) = participants::find(&mut db, &actor.study.id, id).await? else { return Err(not_found("participant")) };
    let site = site_of(&mut db, &participant).await?;
    Ok((participant, site))
}

/// The participant that a text names, by id or by identifier.
///
/// # Errors
/// 403; on `participant`, when there is none.
pub async fn find_named(app: &App, actor: &Actor, text: &str) -> Result<Participant, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    let by_id = match text.parse::<ParticipantId>() {
        Ok(id) => participants::find(&mut db, &actor.study.id, &id).await?,
        Err(_) => None,
    };
    let found = match by_id {
        None => participants::find_by_identifier(&mut db, &actor.study.id, text.trim()).await?,
        found => found,
    };
    found.ok_or_else(|| invalid("participant", "is no participant of this study; give a participant's id or identifier"))
}

/// The participant whom the study knows by an identifier, if there is one.
///
/// # Errors
/// 403.
pub async fn find_by_identifier(app: &App, actor: &Actor, identifier: &str) -> Result<Option<Participant>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    Ok(participants::find_by_identifier(&mut db, &actor.study.id, identifier.trim()).await?)
}

/// A participant's site.
pub(super) async fn site_of(db: &mut Db, participant: &Participant) -> Result<Option<Site>, StoreError> {
    match &participant.site_id {
        Some(site) => sites::find(db, &participant.study_id, site).await,
        None => Ok(None),
    }
}

/// The event that a new participant makes.
pub(super) fn created_event(participant: &Participant, site: Option<&Site>) -> NewEvent {
    NewEvent {
        source: SOURCE.to_owned(),
        external_id: format!("{}/created", participant.id),
        event_type: EventType::ParticipantCreated,
        occurred_at: Some(participant.created_at),
        data: Value::Object(participant.event_data(site)),
    }
}

fn origin_of(actor: &Actor) -> Origin {
    match actor.who {
        Who::User(_) => Origin::Console,
        Who::Key(_) => Origin::Api,
    }
}

/// A new participant. One without an identifier gets one that is made.
pub(super) fn new_participant(
    app: &App,
    actor_study: &crate::model::study::Study,
    checked: CheckedParticipant,
    site: Option<&Site>,
    origin: Origin,
    now: Timestamp,
) -> Participant {
    let bits = app.ids.next();
    Participant {
        id: ParticipantId::from_bits(bits),
        study_id: actor_study.id.clone(),
        // The random part of the id, so that nobody guesses how many there are.
        identifier: checked.identifier.unwrap_or_else(|| made_identifier(u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default())),
        site_id: site.map(|s| s.id.clone()),
        email: checked.email,
        details: checked.details,
        origin,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// Creates a participant. With `waits`, synchronous webhooks are left to the caller, who calls [`Saved::wait`].
///
/// # Errors
/// 403; each wrong field; an identifier that is taken.
pub async fn create(app: &App, actor: &Actor, draft: &ParticipantDraft, waits: bool) -> Result<Saved<Participant>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let checked = draft.check()?;
    let hooks = intake::webhooks_of(&app.engine, &actor.study).await?;
    let mut tx = app.store.begin().await?;
    let site = match &checked.site {
        Some(text) => Some(named(&mut tx, actor, text).await?),
        None => None,
    };
    let now = app.clock.now();
    let participant = new_participant(app, &actor.study, checked, site.as_ref(), origin_of(actor), now);
    if !participants::insert(&mut tx, &participant).await? {
        return Err(taken(&participant.identifier));
    }
    let event = created_event(&participant, site.as_ref());
    let mut planned = Planned::new(&app.engine, &actor.study, &hooks, vec![event], Audience::Subscribed, waits);
    planned.write(&app.engine, &mut tx).await?;
    let changes = json!({"identifier": [null, participant.identifier], "site": [null, site.map(|s| s.name)]});
    actor.audit(&mut tx, now, "participant.created", participant.id.as_str(), changes, None).await?;
    tx.commit().await?;
    Ok(Saved::new(participant, planned.committed(&app.engine)))
}

fn taken(identifier: &str) -> AppError {
    invalid("identifier", format!("{identifier:?} is another participant's of this study"))
}

/// Changes a participant. `version` is the one that the editor saw. No event.
///
/// # Errors
/// 403, 404; each wrong field; 409 when somebody changed them meanwhile.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: &ParticipantId,
    version: Option<i64>,
    draft: &ParticipantDraft,
) -> Result<Participant, AppError> {
    actor.require(Action::WriteStudyData)?;
    let checked = draft.check()?;
    let mut tx = app.store.begin().await?;
    let Some(before) = participants::find(&mut tx, &actor.study.id, id).await? else { return Err(not_found("participant")) };
    if version.is_some_and(|v| v != before.version) {
        return Err(AppError::Conflict("Somebody changed this participant meanwhile. Nothing of yours was saved; look again.".to_owned()));
    }
    let site = match &checked.site {
        Some(text) => Some(named(&mut tx, actor, text).await?),
        None => None,
    };
    let after = Participant {
        identifier: checked.identifier.unwrap_or_else(|| before.identifier.clone()),
        site_id: site.map(|s| s.id),
        email: checked.email,
        details: checked.details,
        version: before.version + 1,
        updated_at: app.clock.now(),
        ..before.clone()
    };
    change(actor, &mut tx, &before, &after).await?;
    tx.commit().await?;
    Ok(after)
}

/// Writes a changed participant and its audit row. Of what may be a person's own, the row says that it changed, not what it is.
async fn change(actor: &Actor, tx: &mut Tx, before: &Participant, after: &Participant) -> Result<(), AppError> {
    match participants::update(tx, after, before.version).await {
        Ok(true) => {}
        Ok(false) => return Err(AppError::Conflict("Somebody changed this participant at the same moment. Try again.".to_owned())),
        Err(StoreError::Duplicate(_)) => return Err(taken(&after.identifier)),
        Err(error) => return Err(error.into()),
    }
    let mut changes = serde_json::Map::new();
    if before.identifier != after.identifier {
        changes.insert("identifier".to_owned(), json!([before.identifier, after.identifier]));
    }
    if before.site_id != after.site_id {
        changes.insert("site".to_owned(), json!([before.site_id, after.site_id]));
    }
    let private = [("email", before.email != after.email), ("details", before.details != after.details)];
    for (name, _) in private.into_iter().filter(|(_, changed)| *changed) {
        changes.insert(name.to_owned(), json!("changed"));
    }
    actor.audit(tx, after.updated_at, "participant.updated", after.id.as_str(), Value::Object(changes), None).await
}

/// What the study knows participants by, for a page of rows that name them by id.
///
/// # Errors
/// 403.
pub async fn identifiers(
    app: &App,
    actor: &Actor,
    ids: impl IntoIterator<Item = &ParticipantId>,
) -> Result<BTreeMap<ParticipantId, String>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let wanted: BTreeSet<&ParticipantId> = ids.into_iter().collect();
    let mut db = app.store.read().await?;
    let mut known = BTreeMap::new();
    for id in wanted {
        if let Some(participant) = participants::find(&mut db, &actor.study.id, id).await? {
            known.insert(participant.id, participant.identifier);
        }
    }
    Ok(known)
}
