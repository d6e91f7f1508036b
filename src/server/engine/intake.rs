//! Intake: an event and the deliveries it makes, in one commit. What is answered after that commit survives `kill -9`.

use super::{Engine, Queued};
use crate::model::delivery::Trigger;
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

/// What goes into one commit, and what is to be done after it.
#[derive(Default)]
struct Batch {
    payloads: Vec<NewPayload>,
    deliveries: Vec<NewDelivery>,
    jobs: Vec<Job>,
}

impl Batch {
    fn add(&mut self, engine: &Engine, study: &Study, event: &Event, webhook: &Webhook, trigger: Trigger, by: Option<String>) {
        let settings = &webhook.settings;
        let variant = format!("{}/{}", settings.format.as_str(), settings.content.as_str());
        if !self.payloads.iter().rev().take_while(|p| p.event_id == event.id).any(|p| p.variant == variant) {
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
            let payload = format::render(settings.format, &view, settings.content);
            self.payloads.push(NewPayload { event_id: event.id.clone(), variant: variant.clone(), payload });
        }
        let id = DeliveryId::from_bits(engine.ids.next());
        self.jobs.push(Job {
            study_id: study.id.clone(),
            delivery_id: id.clone(),
            webhook_id: webhook.id.clone(),
            event_type: event.event_type,
            is_test: event.is_test,
            state: crate::model::delivery::DeliveryState::Pending,
            attempts: 0,
            schedule_step: 0,
            trigger,
            requested_by: by.clone(),
            reason: None,
        });
        let webhook_id = webhook.id.clone();
        self.deliveries.push(NewDelivery { id, webhook_id, event_id: event.id.clone(), variant, trigger, requested_by: by, lease: None });
    }

    async fn write(&self, tx: &mut Tx, study: &Study, events: &[Event]) -> Result<(), StoreError> {
        queue::insert_deliveries(tx, &study.id, events, &self.payloads, &self.deliveries).await
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
    let mut tx = engine.store.begin().await?;
    let added = queue::insert_events(&mut tx, &events).await?;
    let hooks = if added.is_empty() { Vec::new() } else { webhooks::of_study(&mut tx, &study.id, false).await? };
    let mut batch = Batch::default();
    for event in events.iter().filter(|e| added.contains(&e.id)) {
        for webhook in hooks.iter().filter(|w| wants(w, event)) {
            batch.add(engine, study, event, webhook, Trigger::Schedule, None);
        }
    }
    // What finds a place in memory is leased by this node from the start; the rest is claimed later.
    let places = engine.places(batch.deliveries.len());
    let until = engine.lease_until();
    for delivery in batch.deliveries.iter_mut().take(places.len()) {
        delivery.lease = Some((engine.node.clone(), until));
    }
    batch.write(&mut tx, study, &events).await?;
    let mut accepted = Vec::with_capacity(events.len());
    for event in &events {
        accepted.push(answer(&mut tx, study, event, &added, &batch.deliveries).await?);
    }
    tx.commit().await?;

    let waiting = batch.jobs.len() > places.len();
    let changed: HashSet<_> = batch.jobs.iter().map(|j| j.webhook_id.clone()).collect();
    engine.hand_over(batch.jobs.into_iter().zip(places).map(|(job, place)| Queued { job, _place: Some(place) }).collect());
    if waiting {
        engine.wake();
    }
    for webhook in changed {
        engine.live.tell(&study.id, &webhook);
    }
    Ok(accepted)
}

async fn answer(tx: &mut Tx, study: &Study, event: &Event, added: &HashSet<EventId>, made: &[NewDelivery]) -> Result<Accepted, StoreError> {
    let duplicate = !added.contains(&event.id);
    let event_id = if duplicate {
        let known = events::find_by_key(tx, &study.id, &event.source, &event.external_id).await?;
        known.map_or_else(|| event.id.clone(), |known| known.id)
    } else {
        event.id.clone()
    };
    let delivery_ids = made.iter().filter(|d| d.event_id == event.id).map(|d| d.id.clone()).collect();
    Ok(Accepted { event_id, source: event.source.clone(), id: event.external_id.clone(), duplicate, delivery_ids })
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
    let new = NewEvent { source: "/hookwell/sample".to_owned(), external_id: String::new(), event_type, occurred_at: None, data };
    let mut event = event_of(engine, study, new, now, true);
    event.external_id = event.id.to_string();
    let mut batch = Batch::default();
    batch.add(engine, study, &event, webhook, Trigger::Sample, Some(by));
    let until = engine.lease_until();
    for delivery in &mut batch.deliveries {
        delivery.lease = Some((engine.node.clone(), until));
    }
    let events = [event];
    queue::insert_events(tx, &events).await?;
    batch.write(tx, study, &events).await?;
    batch.jobs.pop().ok_or(StoreError::Corrupt { what: "sample", why: "it made no delivery".to_owned() })
}
