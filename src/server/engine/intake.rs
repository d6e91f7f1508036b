//! Intake: an event and the deliveries it makes, in one commit. What is answered after that commit survives `kill -9`.

use super::{Engine, Queued};
use crate::model::delivery::{DeliveryState, Trigger};
use crate::model::event::{Accepted, Event, NewEvent};
use crate::model::event_type::EventType;
use crate::model::id::{DeliveryId, EventId};
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::model::webhook::{Webhook, WebhookMode, WebhookStatus};
use crate::server::format::{self, EventView};
use crate::server::store::queue::{self, Job, NewDelivery, NewPayload};
use crate::server::store::{StoreError, Tx, events, webhooks};
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

    /// Leases the first `count` to this node: it works on them as soon as they are committed.
    fn lease(&mut self, engine: &Engine, count: usize) {
        let until = engine.lease_until();
        for delivery in self.deliveries.iter_mut().take(count) {
            delivery.lease = Some((engine.node.clone(), until));
        }
    }

    async fn write(&self, tx: &mut Tx, study: &Study, events: &[Event]) -> Result<(), StoreError> {
        queue::insert_deliveries(tx, &study.id, events, &self.payloads, &self.deliveries).await
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

/// Whether a live event of this study goes to this webhook.
fn wants(webhook: &Webhook, event: &Event) -> bool {
    webhook.status == WebhookStatus::Active
        && webhook.mode == WebhookMode::Live
        && webhook.settings.events.contains(&event.event_type)
        && event.data.as_ref().is_some_and(|data| webhook.settings.filter.passes(data))
}

/// Accepts live events of a study, in order. An event whose `(source, id)` was seen before, in this batch or ever, makes nothing.
///
/// # Errors
/// When the database fails; nothing was accepted then.
pub async fn accept(engine: &Engine, study: &Study, new: Vec<NewEvent>) -> Result<Vec<Accepted>, StoreError> {
    let now = engine.clock.now();
    let events: Vec<Event> = new.into_iter().map(|e| event_of(engine, study, e, now, false)).collect();
    // Read and rendered before the transaction begins: on SQLite every other writer waits for this one.
    let mut db = engine.store.read().await?;
    let hooks = webhooks::of_study(&mut db, &study.id, false).await?;
    drop(db);
    let mut batch = Batch::default();
    for event in &events {
        for webhook in hooks.iter().filter(|w| wants(w, event)) {
            batch.add(engine, study, event, webhook, Trigger::Schedule, None);
        }
    }

    let mut tx = engine.store.begin().await?;
    let added = queue::insert_events(&mut tx, &events).await?;
    if added.len() < events.len() {
        batch.payloads.retain(|p| added.contains(&p.event_id));
        batch.deliveries.retain(|d| added.contains(&d.event_id));
    }
    // What finds a place in memory is leased by this node from the start; the rest is claimed later.
    let places = engine.places(batch.deliveries.len());
    batch.lease(engine, places.len());
    batch.write(&mut tx, study, &events).await?;
    let mut accepted = Vec::with_capacity(events.len());
    for event in &events {
        accepted.push(answer(&mut tx, study, event, &added).await?);
    }
    tx.commit().await?;

    // Deliveries stand in the order of their events, so one walk gives each event its own.
    let waiting = batch.deliveries.len() > places.len();
    let mut changed = HashSet::new();
    let mut places = places.into_iter();
    let mut jobs = Vec::new();
    let mut deliveries = batch.deliveries.into_iter().peekable();
    for (event, accepted) in events.iter().zip(&mut accepted) {
        while let Some(delivery) = deliveries.next_if(|d| d.event_id == event.id) {
            accepted.delivery_ids.push(delivery.id.clone());
            changed.insert(delivery.webhook_id.clone());
            if let Some(place) = places.next() {
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
    Ok(accepted)
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
    batch.lease(engine, 1);
    let events = [event];
    queue::insert_events(tx, &events).await?;
    batch.write(tx, study, &events).await?;
    let delivery = batch.deliveries.pop().ok_or(StoreError::Corrupt { what: "sample", why: "it made no delivery".to_owned() })?;
    Ok(job_of(&events[0], delivery))
}
