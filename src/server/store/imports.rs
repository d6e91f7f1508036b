//! Imports of participants, and their rows.

use super::{Db, StoreError, Tx, all, id, known, maybe, run};
use crate::model::id::{ImportId, StudyId};
use crate::model::import::{Import, ImportRow, ImportState};
use crate::model::time::Timestamp;

#[derive(sqlx::FromRow)]
struct Row {
    study_id: String,
    id: String,
    file_name: String,
    state: String,
    total: i64,
    bad: i64,
    line_done: i64,
    created: i64,
    skipped: i64,
    created_by: String,
    created_at: i64,
    finished_at: Option<i64>,
}

impl TryFrom<Row> for Import {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Import {
            id: id("import", &row.id)?,
            study_id: id("import", &row.study_id)?,
            file_name: row.file_name,
            state: known("import's state", &row.state, ImportState::parse)?,
            total: row.total,
            bad: row.bad,
            line_done: row.line_done,
            created: row.created,
            skipped: row.skipped,
            created_by: row.created_by,
            created_at: Timestamp(row.created_at),
            finished_at: row.finished_at.map(Timestamp),
        })
    }
}

const SELECT: &str =
    "SELECT study_id, id, file_name, state, total, bad, line_done, created, skipped, created_by, created_at, finished_at FROM imports";

/// Adds an import with its rows.
pub async fn insert(tx: &mut Tx, i: &Import, rows: &[ImportRow]) -> Result<(), StoreError> {
    run!(
        tx,
        "INSERT INTO imports (study_id, id, file_name, state, total, bad, line_done, created, skipped, created_by, created_at, finished_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        i.study_id.as_str(),
        i.id.as_str(),
        &i.file_name,
        i.state.as_str(),
        i.total,
        i.bad,
        i.line_done,
        i.created,
        i.skipped,
        &i.created_by,
        i.created_at.micros(),
        i.finished_at.map(Timestamp::micros),
    )?;
    for row in rows {
        run!(
            tx,
            "INSERT INTO import_rows (study_id, import_id, line, identifier, site, email, details, error) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            i.study_id.as_str(),
            i.id.as_str(),
            row.line,
            &row.identifier,
            &row.site,
            &row.email,
            &row.details,
            row.error.as_deref(),
        )?;
    }
    Ok(())
}

/// By id.
pub async fn find(db: &mut Db, study: &StudyId, import: &ImportId) -> Result<Option<Import>, StoreError> {
    let text = format!("{SELECT} WHERE study_id = $1 AND id = $2");
    maybe!(db, Row, text, study.as_str(), import.as_str())?.map(Import::try_from).transpose()
}

/// The latest of a study, newest first.
pub async fn latest(db: &mut Db, study: &StudyId, limit: u32) -> Result<Vec<Import>, StoreError> {
    let text = format!("{SELECT} WHERE study_id = $1 ORDER BY id DESC LIMIT $2");
    all!(db, Row, text, study.as_str(), i64::from(limit))?.into_iter().map(Import::try_from).collect()
}

/// Imports of any study that are being carried out, the oldest first.
pub async fn running(db: &mut Db) -> Result<Vec<Import>, StoreError> {
    all!(db, Row, format!("{SELECT} WHERE state = 'running' ORDER BY created_at, id"))?.into_iter().map(Import::try_from).collect()
}

/// Rows after a line: all, or those with or without an error alone.
pub async fn rows(
    db: &mut Db,
    study: &StudyId,
    import: &ImportId,
    after: i64,
    with_error: Option<bool>,
    limit: u32,
) -> Result<Vec<ImportRow>, StoreError> {
    let which = match with_error {
        None => "",
        Some(true) => "AND error IS NOT NULL",
        Some(false) => "AND error IS NULL",
    };
    let text = format!(
        "SELECT line, identifier, site, email, details, error FROM import_rows WHERE study_id = $1 AND import_id = $2 AND line > $3 {which}
         ORDER BY line LIMIT $4"
    );
    let rows =
        all!(db, (i64, String, String, String, String, Option<String>), text, study.as_str(), import.as_str(), after, i64::from(limit))?;
    let row = |(line, identifier, site, email, details, error)| ImportRow { line, identifier, site, email, details, error };
    Ok(rows.into_iter().map(row).collect())
}

/// Brings an import from one state to the next; `false` when it is not in `from`.
pub async fn set_state(
    tx: &mut Tx,
    study: &StudyId,
    import: &ImportId,
    from: ImportState,
    to: ImportState,
    finished_at: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let changed = run!(
        tx,
        "UPDATE imports SET state = $4, finished_at = $5 WHERE study_id = $1 AND id = $2 AND state = $3",
        study.as_str(),
        import.as_str(),
        from.as_str(),
        to.as_str(),
        finished_at.map(Timestamp::micros),
    )?;
    Ok(changed == 1)
}

/// Moves an import on from `i` as it was read; `false` when another node has done so, whose step it is then.
pub async fn advance(tx: &mut Tx, i: &Import, line: i64, created: i64, skipped: i64) -> Result<bool, StoreError> {
    let changed = run!(
        tx,
        "UPDATE imports SET line_done = $4, created = created + $5, skipped = skipped + $6
         WHERE study_id = $1 AND id = $2 AND line_done = $3 AND state = 'running'",
        i.study_id.as_str(),
        i.id.as_str(),
        i.line_done,
        line,
        created,
        skipped,
    )?;
    Ok(changed == 1)
}

/// Notes on a row why it was not imported after all.
pub async fn set_error(tx: &mut Tx, study: &StudyId, import: &ImportId, line: i64, error: &str) -> Result<(), StoreError> {
    run!(
        tx,
        "UPDATE import_rows SET error = $4 WHERE study_id = $1 AND import_id = $2 AND line = $3",
        study.as_str(),
        import.as_str(),
        line,
        error,
    )?;
    Ok(())
}
