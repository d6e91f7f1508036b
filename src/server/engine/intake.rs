//! Intake: an event and the deliveries it makes, in one commit. What is answered after that commit survives `kill -9`.

use super::group_commit::Write;
use super::memory::Place;
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
use crate::server::store::{StoreError, Tx, events, health, webhooks};
use std::collections::HashSet;

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

/// Work that this node has leased and that nobody does yet. Should it be dropped, because a caller left in the middle of the commit, the next
/// heartbeat gives it back; else the heartbeats would hold it for ever.
#[derive(Default)]
pub struct Leased {
    engine: Option<Engine>,
    jobs: Vec<Job>,
}

impl Leased {
    /// Takes the work over.
    pub fn take(mut self) -> Vec<Job> {
        std::mem::take(&mut self.jobs)
    }

    /// The first of it.
    pub fn first(&self) -> Option<&Job> {
        self.jobs.first()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        if let Some(engine) = &self.engine {
            self.jobs.drain(..).for_each(|job| engine.abandon(job));
        }
    }
}

impl std::fmt::Debug for Leased {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Leased").field(&self.jobs.len()).finish()
    }
}

/// The work that a new delivery is.
fn job_of(event: &Event, delivery: &NewDelivery) -> Job {
    Job {
        study_id: event.study_id.clone(),
        delivery_id: delivery.id.clone(),
        webhook_id: delivery.webhook_id.clone(),
        event_type: event.event_type,
        is_test: event.is_test,
        state: DeliveryState::Pending,
        attempts: 0,
        schedule_step: 0,
        trigger: delivery.trigger,
        requested_by: delivery.requested_by.clone(),
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
        // What the engine tells is of no form and no site, so that no list of those means it.
        WebhookStatus::Active if !event.event_type.can_be_published() => None,
        WebhookStatus::Active => event.data.as_ref().and_then(|data| webhook.settings.filter.holds_back(data)),
    }
}

/// The webhooks that events of a study may go to.
#[derive(Debug, Default)]
pub struct Receivers {
    webhooks: Vec<Webhook>,
    /// Those whose breaker is open: what goes to them waits in the database for a probe.
    broken: HashSet<WebhookId>,
}

/// Reads the webhooks that events of a study may go to. Before the transaction begins: on SQLite every other writer waits for that.
///
/// # Errors
/// When the database fails.
pub async fn webhooks_of(engine: &Engine, study: &Study) -> Result<Receivers, StoreError> {
    let mut db = engine.store.read().await?;
    let webhooks = webhooks::of_study(&mut db, &study.id, false).await?;
    Ok(Receivers { webhooks, broken: health::broken_of_study(&mut db, &study.id).await? })
}

/// Events with the deliveries that they make, on their way into a transaction: planned, written, and handed on once it is committed.
pub struct Planned {
    study: Study,
    events: Vec<Event>,
    batch: Batch,
    /// Webhooks whose answer the caller waits for.
    waits_for: HashSet<WebhookId>,
    broken: HashSet<WebhookId>,
    /// Of the events those that were new, once they are written.
    added: HashSet<EventId>,
    leased: Leased,
    places: Vec<Place>,
    accepted: Vec<Accepted>,
}

/// What a committed plan leaves.
#[derive(Debug, Default)]
pub struct Committed {
    /// What became of each event, in order.
    pub accepted: Vec<Accepted>,
    /// Work of synchronous webhooks, leased to this node: the caller runs it and waits (see [`super::synchronous`]).
    pub to_wait_for: Leased,
}

impl Planned {
    /// Renders live events of a study, in order, for the webhooks that get them. With `waits`, deliveries of synchronous webhooks are left to
    /// the caller.
    pub fn new(engine: &Engine, study: &Study, hooks: &Receivers, new: Vec<NewEvent>, audience: Audience<'_>, waits: bool) -> Self {
        let now = engine.clock.now();
        let mut events: Vec<Event> = new.into_iter().map(|e| event_of(engine, study, e, now, false)).collect();
        let mut batch = Batch::default();
        for event in &mut events {
            for webhook in hooks.webhooks.iter().filter(|w| w.settings.events.contains(&event.event_type)) {
                match holds_back(study, webhook, event, audience) {
                    None => batch.add(engine, study, event, webhook, Trigger::Schedule, None),
                    Some(reason) => event.skipped.push(Skipped { webhook_id: webhook.id.clone(), reason }),
                }
            }
        }
        let waits_for = hooks.webhooks.iter().filter(|w| waits && w.settings.synchronous).map(|w| w.id.clone()).collect();
        Self {
            study: study.clone(),
            events,
            batch,
            waits_for,
            broken: hooks.broken.clone(),
            added: HashSet::new(),
            leased: Leased::default(),
            places: Vec::new(),
            accepted: Vec::new(),
        }
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
        let Self { events, batch, waits_for, broken, added, places, .. } = self;
        let until = engine.lease_until();
        let mut jobs = Vec::new();
        places.clear();
        // Deliveries stand in the order of their events.
        let mut deliveries = batch.deliveries.iter_mut().peekable();
        for event in events.iter() {
            while let Some(delivery) = deliveries.next_if(|d| d.event_id == event.id) {
                let webhook = &delivery.webhook_id;
                delivery.lease = None;
                if !added.contains(&event.id) {
                    continue;
                }
                if !waits_for.contains(webhook) {
                    let Some(place) = (!broken.contains(webhook)).then(|| engine.place(webhook)).flatten() else { continue };
                    places.push(place);
                }
                delivery.lease = Some((engine.node.clone(), until));
                jobs.push(job_of(event, delivery));
            }
        }
        // Of a try before this one, which came to nothing, nothing is leased.
        self.leased.jobs.clear();
        self.leased = Leased { engine: Some(engine.clone()), jobs };
    }

    /// Hands on what was committed.
    pub fn committed(self, engine: &Engine) -> Committed {
        let Self { study, events, batch, waits_for, added, leased, places, mut accepted, .. } = self;
        let mut leased = leased.take().into_iter();
        let mut places = places.into_iter();
        let (mut changed, mut waiting) = (HashSet::new(), false);
        let (mut jobs, mut to_wait_for) = (Vec::new(), Vec::new());
        let mut deliveries = batch.deliveries.into_iter().filter(|d| added.contains(&d.event_id)).peekable();
        for (event, accepted) in events.iter().zip(&mut accepted) {
            while let Some(delivery) = deliveries.next_if(|d| d.event_id == event.id) {
                let job = delivery.lease.is_some().then(|| leased.next()).flatten();
                match job {
                    None => waiting = true,
                    Some(job) if waits_for.contains(&delivery.webhook_id) => to_wait_for.push(job),
                    Some(job) => jobs.extend(places.next().map(|place| Queued { job, place })),
                }
                changed.insert(delivery.webhook_id);
                accepted.delivery_ids.push(delivery.id);
            }
        }
        engine.hand_over(jobs);
        if waiting {
            engine.wake();
        }
        for webhook in changed {
            engine.live.tell(&study.id, &webhook);
        }
        Committed { accepted, to_wait_for: Leased { engine: Some(engine.clone()), jobs: to_wait_for } }
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

/// Writes a sample for one webhook, whatever it is subscribed to, and gives the job, which the caller runs after its commit.
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
) -> Result<Leased, StoreError> {
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
    let jobs = batch.deliveries.iter().map(|delivery| job_of(&events[0], delivery)).collect();
    Ok(Leased { engine: Some(engine.clone()), jobs })
}
