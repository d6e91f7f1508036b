//! Records, their numbers, and a study's review levels.

use super::{Db, StoreError, Tx, all, from_json, id, maybe, one, run, to_json};
use crate::model::id::{FormId, ParticipantId, RecordId, StudyId};
use crate::model::page::Page;
use crate::model::record::{Record, ReviewLevels};
use crate::model::time::Timestamp;

#[derive(sqlx::FromRow)]
struct Row {
    study_id: String,
    id: String,
    trans_id: i64,
    form_id: String,
    form_version: i64,
    participant_id: Option<String>,
    answers: String,
    review: Option<i64>,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<Row> for Record {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let level = |n: i64| u8::try_from(n).map_err(|e| StoreError::Corrupt { what: "record's review", why: e.to_string() });
        Ok(Record {
            id: id("record", &row.id)?,
            study_id: id("record", &row.study_id)?,
            trans_id: row.trans_id,
            form_id: id("record's form", &row.form_id)?,
            form_version: row.form_version,
            participant_id: row.participant_id.as_deref().map(|p| id("record's participant", p)).transpose()?,
            answers: from_json("record's answers", &row.answers)?,
            review: row.review.map(level).transpose()?,
            version: row.version,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

const SELECT: &str =
    "SELECT study_id, id, trans_id, form_id, form_version, participant_id, answers, review, version, created_at, updated_at
    FROM records WHERE study_id = $1";

/// The next number of a kind in a study, from 1. The row is held until the transaction ends, so that no two are the same.
pub async fn next_number(tx: &mut Tx, study: &StudyId, name: &str) -> Result<i64, StoreError> {
    let text = "INSERT INTO counters (study_id, name, value) VALUES ($1, $2, 1)
        ON CONFLICT (study_id, name) DO UPDATE SET value = counters.value + 1 RETURNING value";
    Ok(one!(tx, (i64,), text, study.as_str(), name)?.0)
}

/// Adds a record.
pub async fn insert(tx: &mut Tx, r: &Record) -> Result<(), StoreError> {
    run!(
        tx,
        "INSERT INTO records (study_id, id, trans_id, form_id, form_version, participant_id, answers, review, version, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        r.study_id.as_str(),
        r.id.as_str(),
        r.trans_id,
        r.form_id.as_str(),
        r.form_version,
        r.participant_id.as_ref().map(ParticipantId::as_str),
        to_json("record's answers", &r.answers)?,
        r.review.map(i64::from),
        r.version,
        r.created_at.micros(),
        r.updated_at.micros(),
    )?;
    Ok(())
}

/// Writes a changed record if it is still at `expected` version; `false` when somebody was faster.
pub async fn update(tx: &mut Tx, r: &Record, expected: i64) -> Result<bool, StoreError> {
    let changed = run!(
        tx,
        "UPDATE records SET answers = $3, review = $4, form_version = $5, version = $6, updated_at = $7
         WHERE study_id = $1 AND id = $2 AND version = $8",
        r.study_id.as_str(),
        r.id.as_str(),
        to_json("record's answers", &r.answers)?,
        r.review.map(i64::from),
        r.form_version,
        r.version,
        r.updated_at.micros(),
        expected,
    )?;
    Ok(changed == 1)
}

/// By our id.
pub async fn find(db: &mut Db, study: &StudyId, record: &RecordId) -> Result<Option<Record>, StoreError> {
    maybe!(db, Row, format!("{SELECT} AND id = $2"), study.as_str(), record.as_str())?.map(Record::try_from).transpose()
}

/// Newest first, older than `before`; of one form where asked for.
pub async fn list(
    db: &mut Db,
    study: &StudyId,
    form: Option<&FormId>,
    before: Option<&RecordId>,
    limit: u32,
) -> Result<Page<Record>, StoreError> {
    let of_form = if form.is_some() { "form_id = $3" } else { "$3 = ''" };
    let rows = all!(
        db,
        Row,
        format!("{SELECT} AND id < $2 AND {of_form} ORDER BY id DESC LIMIT $4"),
        study.as_str(),
        // Above every id: "rec_" and 32 digits up to f.
        before.map_or("rec_g", RecordId::as_str),
        form.map_or("", FormId::as_str),
        i64::from(limit) + 1,
    )?;
    let items = rows.into_iter().map(Record::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(items, limit, |r| r.id.to_string()))
}

/// The review levels of a study.
pub async fn levels(db: &mut Db, study: &StudyId) -> Result<ReviewLevels, StoreError> {
    let row = maybe!(db, (String,), "SELECT levels FROM review_levels WHERE study_id = $1", study.as_str())?;
    row.map_or_else(|| Ok(ReviewLevels::default()), |(levels,)| from_json("review levels", &levels))
}

/// Writes the review levels of a study.
pub async fn set_levels(tx: &mut Tx, study: &StudyId, levels: &ReviewLevels) -> Result<(), StoreError> {
    let text = "INSERT INTO review_levels (study_id, levels) VALUES ($1, $2) ON CONFLICT (study_id) DO UPDATE SET levels = excluded.levels";
    run!(tx, text, study.as_str(), to_json("review levels", levels)?)?;
    Ok(())
}

/// The highest level that any record of a study has reached: levels up to there cannot be taken away.
pub async fn highest_review(db: &mut Db, study: &StudyId) -> Result<i64, StoreError> {
    let row = one!(db, (Option<i64>,), "SELECT MAX(review) FROM records WHERE study_id = $1", study.as_str())?;
    Ok(row.0.unwrap_or_default())
}

/// When a record's number was last given, so that a page can say how many there are.
pub async fn count(db: &mut Db, study: &StudyId) -> Result<i64, StoreError> {
    let row = maybe!(db, (i64,), "SELECT value FROM counters WHERE study_id = $1 AND name = 'trans_id'", study.as_str())?;
    Ok(row.map_or(0, |(n,)| n))
}
