//! Replays: counted first, then carried out in the background in steps that survive a crash.
//!
//! A step makes some deliveries due and moves the replay's cursor in one commit, so that nothing is made due twice. What was made due is the
//! engine's, as any delivery: it takes the webhook's own limits, and its retry schedule from the start.

use super::check_reason;
use super::deliveries::cannot_receive;
use crate::error::{AppError, not_found};
use crate::model::audit::AuditEntry;
use crate::model::delivery::DeliveryFilter;
use crate::model::id::{ReplayId, WebhookId};
use crate::model::permission::Action;
use crate::model::replay::{DryRun, Outcomes, Replay, ReplayDraft, ReplayState};
use crate::model::time::{SECOND, Timestamp};
use crate::model::webhook::Webhook;
use crate::server::auth::Actor;
use crate::server::state::App;
use crate::server::store::{StoreError, audit, replays, studies, webhooks};
use serde_json::json;

/// Deliveries made due in one commit.
const STEP: i64 = 500;
/// Deliveries of one replay that were made due and are not attempted yet, at most: so that pausing and cancelling come into effect soon, and
/// the queue stays short for others.
const AHEAD: i64 = 1000;
/// What a rate may catch up with at once, after a restart or while the webhook could not receive.
const CATCH_UP: i64 = 5 * SECOND;

/// A replay and what has become of its deliveries.
#[derive(Debug, Clone)]
pub struct ReplayView {
    /// The replay.
    pub replay: Replay,
    /// Its deliveries, as they stand.
    pub outcomes: Outcomes,
    /// Why it makes no delivery due although it runs.
    pub held_back: Option<&'static str>,
}

/// The filter as this actor may use it. Who may retry test deliveries alone replays those of what they ask for.
fn permitted(actor: &Actor, filter: DeliveryFilter) -> Result<DeliveryFilter, AppError> {
    let is_test = match filter.is_test {
        None if !actor.standing.may(Action::Retry { test: false }) => Some(true),
        asked => asked,
    };
    actor.require(Action::Retry { test: is_test == Some(true) })?;
    // Where a page of the history began says nothing of what is to be replayed.
    Ok(DeliveryFilter { is_test, before: None, ..filter })
}

/// What a replay would be of. Nothing is made or changed.
///
/// # Errors
/// 403; 404 for an unknown webhook; each wrong field of the filter.
pub async fn dry_run(app: &App, actor: &Actor, webhook: &WebhookId, draft: &ReplayDraft) -> Result<DryRun, AppError> {
    actor.require(Action::Retry { test: true })?;
    let mut db = app.store.read().await?;
    let Some(webhook) = webhooks::find(&mut db, &actor.study.id, webhook).await? else { return Err(not_found("webhook")) };
    let (filter, _) = draft.check()?;
    Ok(replays::dry_run(&mut db, &actor.study.id, &webhook.id, &permitted(actor, filter)?).await?)
}

/// Begins a replay, which goes on in the background.
///
/// # Errors
/// 403, 404; each wrong field, a missing reason among them; 409 when the webhook cannot receive or nothing would be replayed.
pub async fn start(app: &App, actor: &Actor, webhook: &WebhookId, draft: &ReplayDraft) -> Result<Replay, AppError> {
    actor.require(Action::Retry { test: true })?;
    let mut tx = app.store.begin().await?;
    let Some(webhook) = webhooks::find(&mut tx, &actor.study.id, webhook).await? else { return Err(not_found("webhook")) };
    let reason = check_reason(&draft.reason);
    let (filter, rate) = match (draft.check(), &reason) {
        (Err(mut errors), Err(missing)) => {
            errors.0.extend(missing.fields().0);
            return Err(errors.into());
        }
        (checked, _) => checked?,
    };
    let (filter, reason) = (permitted(actor, filter)?, reason?);
    actor.require_integrations()?;
    cannot_receive(&webhook, filter.is_test == Some(true)).map_or(Ok(()), |why| Err(AppError::Conflict(why.to_owned())))?;
    let now = app.clock.now();
    // What is accepted from now on is not meant; a range of ids is one of milliseconds.
    let until = now.plus(SECOND / 1000);
    let filter = DeliveryFilter { to: Some(filter.to.map_or(until, |to| to.min(until))), ..filter };
    let found = replays::dry_run(&mut tx, &actor.study.id, &webhook.id, &filter).await?;
    if found.ready() == 0 {
        return Err(AppError::Conflict("Nothing would be replayed: no delivery is like the filter, or all are on their way.".to_owned()));
    }
    let replay = Replay {
        id: ReplayId::from_bits(app.ids.next()),
        study_id: actor.study.id.clone(),
        webhook_id: webhook.id.clone(),
        filter,
        rate,
        reason: reason.to_owned(),
        state: ReplayState::Running,
        planned: found.total,
        made_due: 0,
        skipped: 0,
        cursor: String::new(),
        paced_at: now,
        requested_by: actor.name().to_owned(),
        created_at: now,
        finished_at: None,
    };
    replays::insert(&mut tx, &replay).await?;
    let changes = json!({"webhook": webhook.id, "filter": replay.filter, "rate": rate, "planned": replay.planned});
    actor.audit(&mut tx, now, "replay.started", replay.id.as_str(), changes, Some(reason)).await?;
    tx.commit().await?;
    app.chores.notify_one();
    Ok(replay)
}

/// One replay.
///
/// # Errors
/// 403, 404.
pub async fn get(app: &App, actor: &Actor, id: &ReplayId) -> Result<ReplayView, AppError> {
    actor.require(Action::ReadMetadata)?;
    let study = &actor.study;
    let mut db = app.store.read().await?;
    let Some(replay) = replays::find(&mut db, &study.id, id).await? else { return Err(not_found("replay")) };
    let Some(webhook) = webhooks::find(&mut db, &study.id, &replay.webhook_id).await? else { return Err(not_found("webhook")) };
    let outcomes = replays::outcomes(&mut db, &study.id, id).await?;
    let held_back = held_back(&replay, &webhook, study.integrations_enabled);
    Ok(ReplayView { replay, outcomes, held_back })
}

/// The latest replays, newest first: of one webhook, or of the whole study.
///
/// # Errors
/// 403; 404 for an unknown webhook.
pub async fn latest(app: &App, actor: &Actor, webhook: Option<&WebhookId>) -> Result<Vec<Replay>, AppError> {
    actor.require(Action::ReadMetadata)?;
    let mut db = app.store.read().await?;
    if let Some(id) = webhook
        && webhooks::find(&mut db, &actor.study.id, id).await?.is_none()
    {
        return Err(not_found("webhook"));
    }
    Ok(replays::latest(&mut db, &actor.study.id, webhook, 100).await?)
}

/// Holds a running replay where it is.
///
/// # Errors
/// 403, 404; 409 when it does not run.
pub async fn pause(app: &App, actor: &Actor, id: &ReplayId) -> Result<Replay, AppError> {
    turn(app, actor, id, &[ReplayState::Running], ReplayState::Paused).await
}

/// Lets a paused replay go on.
///
/// # Errors
/// 403, 404; 409 when it is not paused.
pub async fn resume(app: &App, actor: &Actor, id: &ReplayId) -> Result<Replay, AppError> {
    turn(app, actor, id, &[ReplayState::Paused], ReplayState::Running).await
}

/// Ends a replay. What it made due is sent.
///
/// # Errors
/// 403, 404; 409 when it has ended.
pub async fn cancel(app: &App, actor: &Actor, id: &ReplayId) -> Result<Replay, AppError> {
    turn(app, actor, id, &[ReplayState::Running, ReplayState::Paused], ReplayState::Cancelled).await
}

async fn turn(app: &App, actor: &Actor, id: &ReplayId, from: &[ReplayState], to: ReplayState) -> Result<Replay, AppError> {
    actor.require(Action::Retry { test: true })?;
    let mut tx = app.store.begin().await?;
    let Some(replay) = replays::find(&mut tx, &actor.study.id, id).await? else { return Err(not_found("replay")) };
    actor.require(Action::Retry { test: replay.is_test() })?;
    let (now, was) = (app.clock.now(), replay.state);
    let finished_at = (to == ReplayState::Cancelled).then_some(now);
    if !from.contains(&was) || !replays::set_state(&mut tx, &replay, was, to, now, finished_at).await? {
        return Err(AppError::Conflict(format!("That cannot be done with this replay now; it is: {}.", was.label())));
    }
    let action = match to {
        ReplayState::Running => "replay.resumed",
        ReplayState::Paused => "replay.paused",
        ReplayState::Done => "replay.done",
        ReplayState::Cancelled => "replay.cancelled",
    };
    actor.audit(&mut tx, now, action, id.as_str(), json!({"made_due": replay.made_due, "skipped": replay.skipped}), None).await?;
    tx.commit().await?;
    app.chores.notify_one();
    app.live.tell(&actor.study.id, &replay.webhook_id);
    Ok(Replay { state: to, paced_at: now, finished_at, ..replay })
}

/// Why a running replay makes nothing due.
fn held_back(replay: &Replay, webhook: &Webhook, integrations_enabled: bool) -> Option<&'static str> {
    if replay.state != ReplayState::Running {
        return None;
    }
    let locked = (!integrations_enabled).then_some("The study’s Integrations are not enabled.");
    locked.or_else(|| cannot_receive(webhook, replay.is_test()))
}

/// Carries every running replay on by one step, whatever the study. Says whether there is more to do at once.
///
/// # Errors
/// When the database fails; the step is as if it had not been.
pub async fn carry_on(app: &App) -> Result<bool, StoreError> {
    let mut db = app.store.read().await?;
    let running = replays::running(&mut db).await?;
    drop(db);
    let mut more = false;
    for replay in &running {
        more |= step(app, replay).await?;
    }
    Ok(more)
}

/// How many deliveries the rate allows now, and from when on it counts then. `None`: it has none.
fn allowance(replay: &Replay, now: Timestamp) -> Option<(i64, Timestamp)> {
    let rate = i64::from(replay.rate?.max(1));
    let from = replay.paced_at.max(now.plus(-CATCH_UP));
    Some((now.since(from).max(0) * rate / SECOND, from))
}

/// The time up to which a rate is used up after so many more.
fn paced(from: Timestamp, rate: u32, made_due: i64) -> Timestamp {
    from.plus(made_due * SECOND / i64::from(rate.max(1)))
}

/// One step of one replay: up to [`STEP`] deliveries in one commit. Says whether it came on.
async fn step(app: &App, replay: &Replay) -> Result<bool, StoreError> {
    let mut db = app.store.read().await?;
    let Some(study) = studies::find(&mut db, &replay.study_id).await? else { return Ok(false) };
    let Some(webhook) = webhooks::find(&mut db, &study.id, &replay.webhook_id).await? else { return Ok(false) };
    let ahead = replays::ahead(&mut db, &study.id, &replay.id).await?;
    drop(db);
    let now = app.clock.now();
    if webhook.archived_at.is_some() {
        return end(app, replay, ReplayState::Cancelled, "its webhook is archived", now).await;
    }
    if held_back(replay, &webhook, study.integrations_enabled).is_some() {
        return Ok(false);
    }
    let allowance = allowance(replay, now);
    let limit = allowance.map_or(STEP, |(count, _)| count).min(STEP).min(AHEAD - ahead);
    if limit <= 0 {
        return Ok(false);
    }
    let mut tx = app.store.begin().await?;
    if !replays::hold(&mut tx, replay).await? {
        return Ok(false);
    }
    let next = replays::next(&mut tx, replay, STEP).await?;
    // What is left alone uses nothing up.
    let mut free = 0;
    let taken = next.iter().take_while(|(_, is_free)| {
        free += i64::from(*is_free);
        free <= limit
    });
    let taken: Vec<&str> = taken.map(|(id, _)| id.as_str()).collect();
    let Some(last) = taken.last() else {
        drop(tx);
        let why = format!("{} made due, {} left alone", replay.made_due, replay.skipped);
        return end(app, replay, ReplayState::Done, &why, now).await;
    };
    let made_due = replays::make_due(&mut tx, replay, last, now).await?;
    let skipped = i64::try_from(taken.len()).unwrap_or(i64::MAX) - made_due;
    let paced_at = match (replay.rate, allowance) {
        (Some(rate), Some((_, from))) => paced(from, rate, made_due),
        _ => now,
    };
    replays::advance(&mut tx, replay, last, made_due, skipped, paced_at).await?;
    tx.commit().await?;
    app.engine.wake();
    app.live.tell(&study.id, &webhook.id);
    Ok(true)
}

/// Ends a replay without anybody's doing.
async fn end(app: &App, replay: &Replay, to: ReplayState, why: &str, now: Timestamp) -> Result<bool, StoreError> {
    let mut tx = app.store.begin().await?;
    if !replays::hold(&mut tx, replay).await? || !replays::set_state(&mut tx, replay, ReplayState::Running, to, now, Some(now)).await? {
        return Ok(false);
    }
    let action = if to == ReplayState::Done { "replay.done" } else { "replay.cancelled" };
    let entry = AuditEntry::by_engine(&replay.study_id, now, action, replay.id.as_str(), why);
    audit::append(&mut tx, &entry, None).await?;
    tx.commit().await?;
    app.live.tell(&replay.study_id, &replay.webhook_id);
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::StudyId;

    #[test]
    fn a_rate_counts_from_where_it_is_used_up_and_catches_up_with_little() {
        let replay = |rate, paced_at| Replay {
            id: ReplayId::from_bits(1),
            study_id: StudyId::from_bits(2),
            webhook_id: WebhookId::from_bits(3),
            filter: DeliveryFilter::default(),
            rate,
            reason: String::new(),
            state: ReplayState::Running,
            planned: 1,
            made_due: 0,
            skipped: 0,
            cursor: String::new(),
            paced_at: Timestamp(paced_at),
            requested_by: String::new(),
            created_at: Timestamp(0),
            finished_at: None,
        };
        let at = |rate, paced_at, now| allowance(&replay(Some(rate), paced_at), Timestamp(now));
        assert_eq!(allowance(&replay(None, 0), Timestamp(SECOND)), None);
        assert_eq!(at(10, 0, 0), Some((0, Timestamp(0))));
        assert_eq!(at(10, 0, SECOND / 10 - 1), Some((0, Timestamp(0))));
        assert_eq!(at(10, 0, SECOND), Some((10, Timestamp(0))));
        // What is left of a second is not lost.
        assert_eq!(paced(Timestamp(0), 3, 2), Timestamp(666_666));
        assert_eq!(at(3, 666_666, SECOND), Some((1, Timestamp(666_666))));
        // After an hour down: five seconds' worth, not an hour's.
        assert_eq!(at(10, 0, 3600 * SECOND), Some((50, Timestamp(3595 * SECOND))));
        // A clock that was set back.
        assert_eq!(at(10, SECOND, 0), Some((0, Timestamp(SECOND))));
    }
}
