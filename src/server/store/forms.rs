//! Forms and surveys, with their versions.

use super::{Db, StoreError, Tx, all, from_json, id, known, maybe, run, to_json};
use crate::model::form::{Form, FormKind, Question};
use crate::model::id::{FormId, StudyId};
use crate::model::time::Timestamp;

#[derive(sqlx::FromRow)]
struct Row {
    study_id: String,
    id: String,
    kind: String,
    name: String,
    version: i64,
    questions: String,
    created_at: i64,
    updated_at: i64,
    archived_at: Option<i64>,
}

impl TryFrom<Row> for Form {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Form {
            id: id("form", &row.id)?,
            study_id: id("form", &row.study_id)?,
            kind: known("form's kind", &row.kind, FormKind::parse)?,
            name: row.name,
            version: row.version,
            questions: from_json("form's questions", &row.questions)?,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
            archived_at: row.archived_at.map(Timestamp),
        })
    }
}

const SELECT: &str =
    "SELECT study_id, id, kind, name, version, questions, created_at, updated_at, archived_at FROM forms WHERE study_id = $1";

/// Adds a form at its first version.
///
/// # Errors
/// [`StoreError::Duplicate`] when its name is taken by another that is not archived.
pub async fn insert(tx: &mut Tx, form: &Form) -> Result<(), StoreError> {
    run!(
        tx,
        "INSERT INTO forms (study_id, id, kind, name, version, questions, created_at, updated_at, archived_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        form.study_id.as_str(),
        form.id.as_str(),
        form.kind.as_str(),
        &form.name,
        form.version,
        to_json("form's questions", &form.questions)?,
        form.created_at.micros(),
        form.updated_at.micros(),
        form.archived_at.map(Timestamp::micros),
    )?;
    keep_version(tx, form).await
}

/// Writes a form's next version if it is still at `expected`; `false` when somebody was faster.
///
/// # Errors
/// As [`insert`].
pub async fn update(tx: &mut Tx, form: &Form, expected: i64) -> Result<bool, StoreError> {
    let changed = run!(
        tx,
        "UPDATE forms SET name = $3, version = $4, questions = $5, updated_at = $6 WHERE study_id = $1 AND id = $2 AND version = $7",
        form.study_id.as_str(),
        form.id.as_str(),
        &form.name,
        form.version,
        to_json("form's questions", &form.questions)?,
        form.updated_at.micros(),
        expected,
    )?;
    if changed == 1 {
        keep_version(tx, form).await?;
    }
    Ok(changed == 1)
}

async fn keep_version(tx: &mut Tx, form: &Form) -> Result<(), StoreError> {
    run!(
        tx,
        "INSERT INTO form_versions (study_id, form_id, version, name, questions, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        form.study_id.as_str(),
        form.id.as_str(),
        form.version,
        &form.name,
        to_json("form's questions", &form.questions)?,
        form.updated_at.micros(),
    )?;
    Ok(())
}

/// Archives a form; `false` when it was already, or there is none.
pub async fn archive(tx: &mut Tx, study: &StudyId, form: &FormId, at: Timestamp) -> Result<bool, StoreError> {
    let text = "UPDATE forms SET archived_at = $3 WHERE study_id = $1 AND id = $2 AND archived_at IS NULL";
    Ok(run!(tx, text, study.as_str(), form.as_str(), at.micros())? == 1)
}

/// By id, archived ones too.
pub async fn find(db: &mut Db, study: &StudyId, form: &FormId) -> Result<Option<Form>, StoreError> {
    maybe!(db, Row, format!("{SELECT} AND id = $2"), study.as_str(), form.as_str())?.map(Form::try_from).transpose()
}

/// The questions of one version.
pub async fn questions_of(db: &mut Db, study: &StudyId, form: &FormId, version: i64) -> Result<Option<Vec<Question>>, StoreError> {
    let text = "SELECT questions FROM form_versions WHERE study_id = $1 AND form_id = $2 AND version = $3";
    let row = maybe!(db, (String,), text, study.as_str(), form.as_str(), version)?;
    row.map(|(questions,)| from_json("form's questions", &questions)).transpose()
}

/// All of a study, by name; archived ones only where asked for, after the others.
pub async fn of_study(db: &mut Db, study: &StudyId, archived: bool) -> Result<Vec<Form>, StoreError> {
    let which = if archived { "" } else { "AND archived_at IS NULL" };
    let text = format!("{SELECT} {which} ORDER BY (archived_at IS NOT NULL), name, id");
    all!(db, Row, text, study.as_str())?.into_iter().map(Form::try_from).collect()
}
