//! Participants.

use super::{Db, StoreError, Tx, all, from_json, id, known, maybe, run, to_json};
use crate::model::id::{ParticipantId, SiteId, StudyId};
use crate::model::page::Page;
use crate::model::participant::{Origin, Participant};
use crate::model::time::Timestamp;

#[derive(sqlx::FromRow)]
struct Row {
    study_id: String,
    id: String,
    identifier: String,
    site_id: Option<String>,
    email: Option<String>,
    details: String,
    origin: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<Row> for Participant {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Participant {
            id: id("participant", &row.id)?,
            study_id: id("participant", &row.study_id)?,
            identifier: row.identifier,
            site_id: row.site_id.as_deref().map(|s| id("participant's site", s)).transpose()?,
            email: row.email,
            details: from_json("participant's details", &row.details)?,
            origin: known("participant's origin", &row.origin, Origin::parse)?,
            version: row.version,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

const SELECT: &str = "SELECT study_id, id, identifier, site_id, email, details, origin, version, created_at, updated_at FROM participants
    WHERE study_id = $1";

/// Adds a participant; `false` when the identifier is taken. Says so instead of failing, because PostgreSQL gives a transaction up
/// after an error.
pub async fn insert(tx: &mut Tx, p: &Participant) -> Result<bool, StoreError> {
    let added = run!(
        tx,
        "INSERT INTO participants (study_id, id, identifier, site_id, email, details, origin, version, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (study_id, identifier) DO NOTHING",
        p.study_id.as_str(),
        p.id.as_str(),
        &p.identifier,
        p.site_id.as_ref().map(SiteId::as_str),
        p.email.as_deref(),
        to_json("participant's details", &p.details)?,
        p.origin.as_str(),
        p.version,
        p.created_at.micros(),
        p.updated_at.micros(),
    )?;
    Ok(added == 1)
}

/// Writes a changed participant if it is still at `expected` version; `false` when somebody was faster.
///
/// # Errors
/// [`StoreError::Duplicate`] when the identifier is another's.
pub async fn update(tx: &mut Tx, p: &Participant, expected: i64) -> Result<bool, StoreError> {
    let changed = run!(
        tx,
        "UPDATE participants SET identifier = $3, site_id = $4, email = $5, details = $6, version = $7, updated_at = $8
         WHERE study_id = $1 AND id = $2 AND version = $9",
        p.study_id.as_str(),
        p.id.as_str(),
        &p.identifier,
        p.site_id.as_ref().map(SiteId::as_str),
        p.email.as_deref(),
        to_json("participant's details", &p.details)?,
        p.version,
        p.updated_at.micros(),
        expected,
    )?;
    Ok(changed == 1)
}

/// By our id.
pub async fn find(db: &mut Db, study: &StudyId, participant: &ParticipantId) -> Result<Option<Participant>, StoreError> {
    maybe!(db, Row, format!("{SELECT} AND id = $2"), study.as_str(), participant.as_str())?.map(Participant::try_from).transpose()
}

/// Those of these ids that are there, in the order of their ids.
pub async fn of_ids(db: &mut Db, study: &StudyId, ids: &[ParticipantId]) -> Result<Vec<Participant>, StoreError> {
    let text = format!("{SELECT} AND id IN ({}) ORDER BY id", listed(ids));
    all!(db, Row, text, study.as_str())?.into_iter().map(Participant::try_from).collect()
}

/// Ids as they stand in a statement's text: they are of our own making, letters and digits alone. None at all is NULL, which nothing equals.
pub(super) fn listed(ids: &[ParticipantId]) -> String {
    if ids.is_empty() { "NULL".to_owned() } else { ids.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ") }
}

/// By the study's identifier.
pub async fn find_by_identifier(db: &mut Db, study: &StudyId, identifier: &str) -> Result<Option<Participant>, StoreError> {
    maybe!(db, Row, format!("{SELECT} AND identifier = $2"), study.as_str(), identifier)?.map(Participant::try_from).transpose()
}

/// By e-mail, in lower case; the first enrolled where several share one.
pub async fn find_by_email(db: &mut Db, study: &StudyId, email: &str) -> Result<Option<Participant>, StoreError> {
    let rows = all!(db, Row, format!("{SELECT} AND email = $2 ORDER BY id LIMIT 1"), study.as_str(), email)?;
    rows.into_iter().next().map(Participant::try_from).transpose()
}

/// Newest first, older than `before`; of one site, and with an identifier that begins so, where asked for.
pub async fn list(
    db: &mut Db,
    study: &StudyId,
    site: Option<&SiteId>,
    begins: &str,
    before: Option<&ParticipantId>,
    limit: u32,
) -> Result<Page<Participant>, StoreError> {
    // Only what is asked for stands in the text, so that its index is used.
    let of_site = if site.is_some() { "site_id = $3" } else { "$3 = ''" };
    let named = if begins.is_empty() { "$4 <= $5" } else { "identifier >= $4 AND identifier < $5" };
    let rows = all!(
        db,
        Row,
        format!("{SELECT} AND id < $2 AND {of_site} AND {named} ORDER BY id DESC LIMIT $6"),
        study.as_str(),
        // Above every id: "par_" and 32 digits up to f.
        before.map_or("par_g", ParticipantId::as_str),
        site.map_or("", SiteId::as_str),
        begins,
        format!("{begins}\u{10FFFF}"),
        i64::from(limit) + 1,
    )?;
    let items = rows.into_iter().map(Participant::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(items, limit, |p| p.id.to_string()))
}

/// Participants whom a run of a schedule means, in the order of their ids, after `cursor`: enrolled after `since` and up to `until`, at one of
/// the sites where there are any.
pub async fn of_run(
    db: &mut Db,
    study: &StudyId,
    sites: &[SiteId],
    since: Option<Timestamp>,
    until: Timestamp,
    cursor: &str,
    limit: u32,
) -> Result<Vec<Participant>, StoreError> {
    // At most as many sites as a study has; they are ids of our own making, so they can stand in the text.
    let of_sites = match sites {
        [] => String::new(),
        some => format!("AND site_id IN ({})", some.iter().map(|s| format!("'{s}'")).collect::<Vec<_>>().join(", ")),
    };
    let rows = all!(
        db,
        Row,
        format!("{SELECT} AND id > $2 AND created_at > $3 AND created_at <= $4 {of_sites} ORDER BY id LIMIT $5"),
        study.as_str(),
        cursor,
        since.map_or(i64::MIN, Timestamp::micros),
        until.micros(),
        i64::from(limit),
    )?;
    rows.into_iter().map(Participant::try_from).collect()
}

/// Which of these identifiers are taken.
pub async fn taken(db: &mut Db, study: &StudyId, identifiers: &[String]) -> Result<std::collections::HashSet<String>, StoreError> {
    let mut taken = std::collections::HashSet::new();
    for identifier in identifiers {
        if find_by_identifier(db, study, identifier).await?.is_some() {
            taken.insert(identifier.clone());
        }
    }
    Ok(taken)
}
