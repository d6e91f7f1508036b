//! Events as accepted. They are written by [`super::queue`], together with their deliveries.

use super::{Db, StoreError, all, from_json, id, known, maybe};
use crate::model::event::Event;
use crate::model::event_type::EventType;
use crate::model::id::{EventId, StudyId};
use crate::model::page::Page;
use crate::model::time::Timestamp;

#[derive(sqlx::FromRow)]
struct EventRow {
    study_id: String,
    id: String,
    source: String,
    external_id: String,
    event_type: String,
    subject: Option<String>,
    occurred_at: i64,
    accepted_at: i64,
    is_test: bool,
    data: String,
    skipped: Option<String>,
}

impl TryFrom<EventRow> for Event {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        Ok(Event {
            id: id("event", &row.id)?,
            study_id: id("event", &row.study_id)?,
            source: row.source,
            external_id: row.external_id,
            event_type: known("event type", &row.event_type, EventType::parse)?,
            subject: row.subject,
            occurred_at: Timestamp(row.occurred_at),
            accepted_at: Timestamp(row.accepted_at),
            is_test: row.is_test,
            data: Some(from_json("event's data", &row.data)?),
            skipped: row.skipped.map_or_else(|| Ok(Vec::new()), |text| from_json("event's skipped webhooks", &text))?,
        })
    }
}

const SELECT: &str =
    "SELECT study_id, id, source, external_id, event_type, subject, occurred_at, accepted_at, is_test, data, skipped FROM events";

/// By our id.
pub async fn find(db: &mut Db, study: &StudyId, event: &EventId) -> Result<Option<Event>, StoreError> {
    let row = maybe!(db, EventRow, format!("{SELECT} WHERE study_id = $1 AND id = $2"), study.as_str(), event.as_str())?;
    row.map(Event::try_from).transpose()
}

/// By the sender's key.
pub async fn find_by_key(db: &mut Db, study: &StudyId, source: &str, external_id: &str) -> Result<Option<Event>, StoreError> {
    let row = maybe!(
        db,
        EventRow,
        format!("{SELECT} WHERE study_id = $1 AND source = $2 AND external_id = $3"),
        study.as_str(),
        source,
        external_id
    )?;
    row.map(Event::try_from).transpose()
}

/// Newest first, older than `before`.
pub async fn list(db: &mut Db, study: &StudyId, before: Option<&EventId>, limit: u32) -> Result<Page<Event>, StoreError> {
    let rows = all!(
        db,
        EventRow,
        format!("{SELECT} WHERE study_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"),
        study.as_str(),
        // Above every id: "evt_" and 32 digits up to f.
        before.map_or("evt_g", EventId::as_str),
        i64::from(limit) + 1,
    )?;
    let items = rows.into_iter().map(Event::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(items, limit, |e| e.id.to_string()))
}
