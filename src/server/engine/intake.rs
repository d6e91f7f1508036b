//! Intake: an event and the deliveries it makes, in one commit. What is answered after that commit survives `kill -9`.

use super::group_commit::Write;
use super::{Engine, Queued};
use crate::model::delivery::{DeliveryState, Trigger};
use crate::model::event::{Accepted, Event, NewEvent, SkipReason, Skipped};
use crate::model::event_type::EventType;
use crate::model::id::{DeliveryId, EventId, WebhookId};
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::model::webhook::{Webhook, WebhookMode, WebhookStatus};
use crate::server::format::{self, EventView};
use crate::server::store::queue::{self, Job, NewDelivery, NewPayload};
use crate::server::store::{StoreError, Tx, events, webhooks};
use std::collections::HashSet;
use tokio::sync::OwnedSemaphorePermit;

/// The `source` of samples.
pub const SAMPLE_SOURCE: &str = "/hookwell/sample";

/// The payloads and deliveries that go into one commit with their events.
#[derive(Default)]
struct Batch {
    payloads: Vec<NewPayload>,
    deliveries: Vec<NewDelivery>,
}

impl Batch {
    /// Adds a delivery, and its payload where no webhook of the same variant added it before.
    fn add(&mut self, engine: &Engine, study: &Study, event: &Event, webhook: &Webhook, trigger: Trigger, by: Option<String>) {
        let variant = webhook.settings.variant();
        let text = variant.to_string();
        if !self.payloads.iter().rev().take_while(|p| p.event_id == event.id).any(|p| p.variant == text) {
            let null = serde_json::Value::Null;
            let view = EventView {
                id: &event.id,
                external_id: &event.external_id,
                source: &event.source,
                study: &study.slug,
                event_type: event.event_type,
                occurred_at: event.occurred_at,
                subject: event.subject.as_deref(),
                is_test: event.is_test,
                data: event.data.as_ref().unwrap_or(&null),
            };
            // Without a body there is nothing to deliver. Webhooks cannot choose such an event, and samples refuse it.
            let Some(payload) = format::render(&variant, &view) else { return };
            self.payloads.push(NewPayload { event_id: event.id.clone(), variant: text.clone(), payload });
        }
        self.deliveries.push(NewDelivery {
            id: DeliveryId::from_bits(engine.ids.next()),
            webhook_id: webhook.id.clone(),
            event_id: event.id.clone(),
            variant: text,
            trigger,
            requested_by: by,
            lease: None,
        });
    }
}

/// The work that a new delivery is.
fn job_of(event: &Event, delivery: NewDelivery) -> Job {
    Job {
        study_id: event.study_id.clone(),
        delivery_id: delivery.id,
        webhook_id: delivery.webhook_id,
        event_type: event.event_type,
        is_test: event.is_test,
        state: DeliveryState::Pending,
        attempts: 0,
        schedule_step: 0,
        trigger: delivery.trigger,
        requested_by: delivery.requested_by,
        reason: None,
    }
}

/// Who may get an event, of those that are subscribed to its type.
#[derive(Debug, Clone, Copy)]
pub enum Audience<'a> {
    /// All of them.
    Subscribed,
    /// These alone: the webhooks that a schedule names.
    Named(&'a [WebhookId]),
    /// All but this one, of which an operational event tells: it would fail once more for having failed.
    AllBut(&'a WebhookId),
}

/// What holds a live event back from a webhook that is subscribed to its type; `None`: it goes there.
fn holds_back(study: &Study, webhook: &Webhook, event: &Event, audience: Audience<'_>) -> Option<SkipReason> {
    if matches!(audience, Audience::Named(named) if !named.contains(&webhook.id)) {
        return Some(SkipReason::NotNamed);
    }
    if matches!(audience, Audience::AllBut(one) if *one == webhook.id) {
        return Some(SkipReason::ItsOwn);
    }
    match webhook.status {
        _ if !study.integrations_enabled => Some(SkipReason::Locked),
        WebhookStatus::Inactive => Some(SkipReason::Inactive),
        WebhookStatus::Disabled => Some(SkipReason::Disabled),
        WebhookStatus::Active if webhook.mode == WebhookMode::Test => Some(SkipReason::TestMode),
        WebhookStatus::Active => event.data.as_ref().and_then(|data| webhook.settings.filter.holds_back(data)),
    }
}

/// The webhooks that events of a study may go to. Read before the transaction begins: on SQLite every other writer waits for that.
///
/// # Errors
/// When the database fails.
pub async fn webhooks_of(engine: &Engine, study: &Study) -> Result<Vec<Webhook>, StoreError> {
    let mut db = engine.store.read().await?;
    webhooks::of_study(&mut db, &study.id, false).await
}

/// Events with the deliveries that they make, on their way into a transaction: planned, written, and handed on once it is committed.
pub struct Planned {
    study: Study,
    events: Vec<Event>,
    batch: Batch,
    /// Webhooks whose answer the caller waits for.
    waits_for: HashSet<WebhookId>,
    /// Of the events those that were new, once they are written.
    added: HashSet<EventId>,
    places: Vec<OwnedSemaphorePermit>,
    accepted: Vec<Accepted>,
}

/// What a committed plan leaves.
#[derive(Debug, Default)]
pub struct Committed {
    /// What became of each event, in order.
    pub accepted: Vec<Accepted>,
    /// Work of synchronous webhooks, leased to this node: the caller runs it and waits (see [`super::synchronous`]).
    pub to_wait_for: Vec<Job>,
}

impl Planned {
    /// Renders live events of a study, in order, for the webhooks that get them. With `waits`, deliveries of synchronous webhooks are left to
    /// the caller.
    pub fn new(engine: &Engine, study: &Study, hooks: &[Webhook], new: Vec<NewEvent>, audience: Audience<'_>, waits: bool) -> Self {
        let now = engine.clock.now();
        let mut events: Vec<Event> = new.into_iter().map(|e| event_of(engine, study, e, now, false)).collect();
        let mut batch = Batch::default();
        for event in &mut events {
            for webhook in hooks.iter().filter(|w| w.settings.events.contains(&event.event_type)) {
                match holds_back(study, webhook, event, audience) {
                    None => batch.add(engine, study, event, webhook, Trigger::Schedule, None),
                    Some(reason) => event.skipped.push(Skipped { webhook_id: webhook.id.clone(), reason }),
                }
            }
        }
        let waits_for = hooks.iter().filter(|w| waits && w.settings.synchronous).map(|w| w.id.clone()).collect();
        Self { study: study.clone(), events, batch, waits_for, added: HashSet::new(), places: Vec::new(), accepted: Vec::new() }
    }

    /// Writes them into a caller's transaction. An event whose `(source, id)` was seen before, in this plan or ever, makes nothing.
    ///
    /// # Errors
    /// When the database fails; the transaction should be dropped then.
    pub async fn write(&mut self, engine: &Engine, tx: &mut Tx) -> Result<(), StoreError> {
        write_all(engine, tx, std::slice::from_mut(self)).await
    }

    /// Leases what finds a place in memory: this node works on it as soon as it is committed. The rest is claimed later.
    fn lease(&mut self, engine: &Engine) {
        let Self { batch, waits_for, added, .. } = self;
        let new = |d: &&mut NewDelivery| added.contains(&d.event_id);
        let wanted = batch.deliveries.iter().filter(|d| added.contains(&d.event_id) && !waits_for.contains(&d.webhook_id)).count();
        self.places = engine.places(wanted);
        let (until, mut free) = (engine.lease_until(), self.places.len());
        for delivery in batch.deliveries.iter_mut().filter(new) {
            let waited_for = waits_for.contains(&delivery.webhook_id);
            let leased = waited_for || free > 0;
            free -= usize::from(leased && !waited_for);
            delivery.lease = leased.then(|| (engine.node.clone(), until));
        }
    }

    /// Hands on what was committed.
    pub fn committed(self, engine: &Engine) -> Committed {
        let Self { study, events, mut batch, waits_for, added, places, mut accepted } = self;
        batch.deliveries.retain(|d| added.contains(&d.event_id));
        // Deliveries stand in the order of their events, so one walk gives each event its own.
        let waiting = batch.deliveries.iter().any(|d| d.lease.is_none());
        let mut changed = HashSet::new();
        let mut places = places.into_iter();
        let (mut jobs, mut to_wait_for) = (Vec::new(), Vec::new());
        let mut deliveries = batch.deliveries.into_iter().peekable();
        for (event, accepted) in events.iter().zip(&mut accepted) {
            while let Some(delivery) = deliveries.next_if(|d| d.event_id == event.id) {
                accepted.delivery_ids.push(delivery.id.clone());
                changed.insert(delivery.webhook_id.clone());
                if waits_for.contains(&delivery.webhook_id) {
                    to_wait_for.push(job_of(event, delivery));
                } else if delivery.lease.is_some()
                    && let Some(place) = places.next()
                {
                    jobs.push(Queued { job: job_of(event, delivery), place });
                }
            }
        }
        engine.hand_over(jobs);
        if waiting {
            engine.wake();
        }
        for webhook in changed {
            engine.live.tell(&study.id, &webhook);
        }
        Committed { accepted, to_wait_for }
    }
}

/// Accepts live events of a study, in order, in a transaction of their own.
///
/// # Errors
/// When the database fails; nothing was accepted then.
pub async fn accept(engine: &Engine, study: &Study, new: Vec<NewEvent>, waits: bool) -> Result<Committed, StoreError> {
    let hooks = webhooks_of(engine, study).await?;
    let planned = Planned::new(engine, study, &hooks, new, Audience::Subscribed, waits);
    engine.intakes.submit(engine, planned).await
}

/// Plans of several requests, of whatever studies, written together. It may be called again after an error: nothing of the plans is used up.
async fn write_all(engine: &Engine, tx: &mut Tx, all: &mut [Planned]) -> Result<(), StoreError> {
    let added = queue::insert_events(tx, &all.iter().flat_map(|p| &p.events).collect::<Vec<_>>()).await?;
    for planned in &mut *all {
        planned.added = planned.events.iter().map(|e| &e.id).filter(|id| added.contains(id)).cloned().collect();
        planned.lease(engine);
    }
    let events: Vec<&Event> = all.iter().flat_map(|p| &p.events).collect();
    let payloads: Vec<&NewPayload> = all.iter().flat_map(|p| &p.batch.payloads).filter(|p| added.contains(&p.event_id)).collect();
    let deliveries: Vec<&NewDelivery> = all.iter().flat_map(|p| &p.batch.deliveries).filter(|d| added.contains(&d.event_id)).collect();
    queue::insert_deliveries(tx, &events, &payloads, &deliveries).await?;
    for planned in &mut *all {
        planned.accepted.clear();
        for event in &planned.events {
            planned.accepted.push(answer(tx, &planned.study, event, &planned.added).await?);
        }
    }
    Ok(())
}

impl Write for Planned {
    type Answer = Committed;

    fn weight(&self) -> usize {
        self.events.len() + self.batch.deliveries.len()
    }

    async fn write(engine: &Engine, tx: &mut Tx, all: &mut [Self]) -> Result<(), StoreError> {
        write_all(engine, tx, all).await
    }

    fn committed(self, engine: &Engine) -> Committed {
        Planned::committed(self, engine)
    }
}

/// What is answered for an event, its deliveries yet to be named.
async fn answer(tx: &mut Tx, study: &Study, event: &Event, added: &HashSet<EventId>) -> Result<Accepted, StoreError> {
    let duplicate = !added.contains(&event.id);
    let event_id = if duplicate {
        let known = events::find_by_key(tx, &study.id, &event.source, &event.external_id).await?;
        known.map_or_else(|| event.id.clone(), |known| known.id)
    } else {
        event.id.clone()
    };
    Ok(Accepted { event_id, source: event.source.clone(), id: event.external_id.clone(), duplicate, delivery_ids: Vec::new() })
}

fn event_of(engine: &Engine, study: &Study, new: NewEvent, now: Timestamp, is_test: bool) -> Event {
    Event {
        id: EventId::from_bits(engine.ids.next()),
        study_id: study.id.clone(),
        subject: EventType::subject_of(&new.data),
        source: new.source,
        external_id: new.external_id,
        event_type: new.event_type,
        occurred_at: new.occurred_at.unwrap_or(now),
        accepted_at: now,
        is_test,
        data: Some(new.data),
        skipped: Vec::new(),
    }
}

/// Writes a sample for one webhook, whatever it is subscribed to, and gives the job, which the caller holds and must run after
/// its commit.
///
/// # Errors
/// When the database fails; the transaction should be dropped then.
pub async fn accept_sample(
    engine: &Engine,
    tx: &mut Tx,
    study: &Study,
    webhook: &Webhook,
    event_type: EventType,
    data: serde_json::Value,
    by: String,
) -> Result<Job, StoreError> {
    let now = engine.clock.now();
    let new = NewEvent { source: SAMPLE_SOURCE.to_owned(), external_id: String::new(), event_type, occurred_at: None, data };
    let mut event = event_of(engine, study, new, now, true);
    event.external_id = event.id.to_string();
    let mut batch = Batch::default();
    batch.add(engine, study, &event, webhook, Trigger::Sample, Some(by));
    for delivery in &mut batch.deliveries {
        delivery.lease = Some((engine.node.clone(), engine.lease_until()));
    }
    let events = [event];
    let written: Vec<&Event> = events.iter().collect();
    queue::insert_events(tx, &written).await?;
    queue::insert_deliveries(tx, &written, &batch.payloads.iter().collect::<Vec<_>>(), &batch.deliveries.iter().collect::<Vec<_>>())
        .await?;
    let delivery = batch.deliveries.pop().ok_or(StoreError::Corrupt { what: "sample", why: "it made no delivery".to_owned() })?;
    Ok(job_of(&events[0], delivery))
}
