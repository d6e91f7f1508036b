//! Responses.

use super::participants::listed;
use super::{Db, StoreError, Tx, all, from_json, id, known, maybe, run, to_json};
use crate::model::id::{FormId, ParticipantId, ResponseId, StudyId};
use crate::model::page::Page;
use crate::model::response::{Progress, Response, ResponseStatus, Submitter};
use crate::model::time::Timestamp;

#[derive(sqlx::FromRow)]
struct Row {
    study_id: String,
    id: String,
    form_id: String,
    form_version: i64,
    participant_id: String,
    status: String,
    answers: String,
    submitted_by: Option<String>,
    completed_at: Option<i64>,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<Row> for Response {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Response {
            id: id("response", &row.id)?,
            study_id: id("response", &row.study_id)?,
            form_id: id("response's form", &row.form_id)?,
            form_version: row.form_version,
            participant_id: id("response's participant", &row.participant_id)?,
            status: known("response's status", &row.status, ResponseStatus::parse)?,
            answers: from_json("response's answers", &row.answers)?,
            submitted_by: row.submitted_by.as_deref().map(|s| known("response's submitter", s, Submitter::parse)).transpose()?,
            completed_at: row.completed_at.map(Timestamp),
            version: row.version,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        })
    }
}

const SELECT: &str = "SELECT study_id, id, form_id, form_version, participant_id, status, answers, submitted_by, completed_at, version,
    created_at, updated_at FROM responses";

/// Adds a response; `link_hash` is the SHA-256 of what its participant's link holds.
pub async fn insert(tx: &mut Tx, r: &Response, link_hash: Option<&[u8]>) -> Result<(), StoreError> {
    run!(
        tx,
        "INSERT INTO responses (study_id, id, form_id, form_version, participant_id, status, answers, submitted_by, completed_at, version,
           created_at, updated_at, link_hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        r.study_id.as_str(),
        r.id.as_str(),
        r.form_id.as_str(),
        r.form_version,
        r.participant_id.as_str(),
        r.status.as_str(),
        to_json("response's answers", &r.answers)?,
        r.submitted_by.map(Submitter::as_str),
        r.completed_at.map(Timestamp::micros),
        r.version,
        r.created_at.micros(),
        r.updated_at.micros(),
        link_hash,
    )?;
    Ok(())
}

/// Writes a changed response if it is still at `expected` version; `false` when somebody was faster.
pub async fn update(tx: &mut Tx, r: &Response, expected: i64) -> Result<bool, StoreError> {
    let changed = run!(
        tx,
        "UPDATE responses SET status = $3, answers = $4, submitted_by = $5, completed_at = $6, version = $7, updated_at = $8
         WHERE study_id = $1 AND id = $2 AND version = $9",
        r.study_id.as_str(),
        r.id.as_str(),
        r.status.as_str(),
        to_json("response's answers", &r.answers)?,
        r.submitted_by.map(Submitter::as_str),
        r.completed_at.map(Timestamp::micros),
        r.version,
        r.updated_at.micros(),
        expected,
    )?;
    Ok(changed == 1)
}

/// Gives a response another link: the one before it opens nothing any more.
pub async fn set_link(tx: &mut Tx, study: &StudyId, response: &ResponseId, link_hash: &[u8]) -> Result<(), StoreError> {
    run!(tx, "UPDATE responses SET link_hash = $3 WHERE study_id = $1 AND id = $2", study.as_str(), response.as_str(), link_hash)?;
    Ok(())
}

/// By id.
pub async fn find(db: &mut Db, study: &StudyId, response: &ResponseId) -> Result<Option<Response>, StoreError> {
    let text = format!("{SELECT} WHERE study_id = $1 AND id = $2");
    maybe!(db, Row, text, study.as_str(), response.as_str())?.map(Response::try_from).transpose()
}

/// By its participant's link, of whatever study.
pub async fn find_by_link(db: &mut Db, link_hash: &[u8]) -> Result<Option<Response>, StoreError> {
    maybe!(db, Row, format!("{SELECT} WHERE link_hash = $1"), link_hash)?.map(Response::try_from).transpose()
}

/// Newest first, older than `before`; of one form and one participant where asked for.
pub async fn list(
    db: &mut Db,
    study: &StudyId,
    form: Option<&FormId>,
    participant: Option<&ParticipantId>,
    status: Option<ResponseStatus>,
    before: Option<&ResponseId>,
    limit: u32,
) -> Result<Page<Response>, StoreError> {
    // Only what is asked for stands in the text, so that its index is used.
    let of_form = if form.is_some() { "form_id = $3" } else { "$3 = ''" };
    let of_participant = if participant.is_some() { "participant_id = $4" } else { "$4 = ''" };
    let rows = all!(
        db,
        Row,
        format!(
            "{SELECT} WHERE study_id = $1 AND id < $2 AND {of_form} AND {of_participant} AND ($5 = '' OR status = $5)
             ORDER BY id DESC LIMIT $6"
        ),
        study.as_str(),
        // Above every id: "rsp_" and 32 digits up to f.
        before.map_or("rsp_g", ResponseId::as_str),
        form.map_or("", FormId::as_str),
        participant.map_or("", ParticipantId::as_str),
        status.map_or("", ResponseStatus::as_str),
        i64::from(limit) + 1,
    )?;
    let items = rows.into_iter().map(Response::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(items, limit, |r| r.id.to_string()))
}

/// How many responses of each status a form has.
pub async fn count_of_form(db: &mut Db, study: &StudyId, form: &FormId) -> Result<Vec<(ResponseStatus, i64)>, StoreError> {
    let text = "SELECT status, COUNT(*) FROM responses WHERE study_id = $1 AND form_id = $2 GROUP BY status";
    let rows = all!(db, (String, i64), text, study.as_str(), form.as_str())?;
    rows.into_iter().map(|(status, count)| Ok((known("response's status", &status, ResponseStatus::parse)?, count))).collect()
}

/// Responses to a form by these participants that are not completed, oldest first.
pub async fn open_of(db: &mut Db, study: &StudyId, form: &FormId, by: &[ParticipantId]) -> Result<Vec<Response>, StoreError> {
    let text = format!(
        "{SELECT} WHERE study_id = $1 AND form_id = $2 AND participant_id IN ({}) AND status <> 'completed' ORDER BY id",
        listed(by)
    );
    all!(db, Row, text, study.as_str(), form.as_str())?.into_iter().map(Response::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct ProgressRow {
    participant_id: String,
    identifier: String,
    id: Option<String>,
    status: Option<String>,
    completed_at: Option<i64>,
}

impl TryFrom<ProgressRow> for Progress {
    type Error = StoreError;

    fn try_from(row: ProgressRow) -> Result<Self, StoreError> {
        let newest = match (&row.id, &row.status) {
            (Some(response), Some(status)) => {
                let status = known("response's status", status, ResponseStatus::parse)?;
                Some((id("response", response)?, status, row.completed_at.map(Timestamp)))
            }
            _ => None,
        };
        Ok(Progress { participant: id("participant", &row.participant_id)?, identifier: row.identifier, newest })
    }
}

/// How far each of these participants is with a form, in the order of their ids.
pub async fn progress_of(db: &mut Db, study: &StudyId, form: &FormId, by: &[ParticipantId]) -> Result<Vec<Progress>, StoreError> {
    let text = format!(
        "SELECT p.id AS participant_id, p.identifier, r.id, r.status, r.completed_at FROM participants p
         LEFT JOIN responses r ON r.study_id = p.study_id AND r.id = (
           SELECT MAX(n.id) FROM responses n WHERE n.study_id = p.study_id AND n.form_id = $2 AND n.participant_id = p.id)
         WHERE p.study_id = $1 AND p.id IN ({}) ORDER BY p.id",
        listed(by)
    );
    all!(db, ProgressRow, text, study.as_str(), form.as_str())?.into_iter().map(Progress::try_from).collect()
}

/// How far everybody is who has a response to a form, in the order of their ids, after `after`.
pub async fn progress(
    db: &mut Db,
    study: &StudyId,
    form: &FormId,
    after: Option<&ParticipantId>,
    limit: u32,
) -> Result<Page<Progress>, StoreError> {
    // The inner statement walks an index of this order and stops at its limit.
    let rows = all!(
        db,
        ProgressRow,
        "SELECT p.id AS participant_id, p.identifier, r.id, r.status, r.completed_at FROM (
           SELECT participant_id, MAX(id) AS id FROM responses WHERE study_id = $1 AND form_id = $2 AND participant_id > $3
           GROUP BY participant_id ORDER BY participant_id LIMIT $4) n
         JOIN participants p ON p.study_id = $1 AND p.id = n.participant_id
         JOIN responses r ON r.study_id = $1 AND r.id = n.id
         ORDER BY p.id",
        study.as_str(),
        form.as_str(),
        after.map_or("", ParticipantId::as_str),
        i64::from(limit) + 1,
    )?;
    let items = rows.into_iter().map(Progress::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(items, limit, |p| p.participant.to_string()))
}
