//! Studies.

use super::{Db, StoreError, Tx, all, id, known, maybe, run};
use crate::model::id::{StudyId, UserId};
use crate::model::permission::Role;
use crate::model::study::{Study, StudyOfMember};
use crate::model::time::Timestamp;

#[derive(sqlx::FromRow)]
struct StudyRow {
    id: String,
    slug: String,
    name: String,
    production: bool,
    integrations_enabled: bool,
    created_at: i64,
}

impl TryFrom<StudyRow> for Study {
    type Error = StoreError;

    fn try_from(row: StudyRow) -> Result<Self, StoreError> {
        Ok(Study {
            id: id("study", &row.id)?,
            slug: row.slug,
            name: row.name,
            production: row.production,
            integrations_enabled: row.integrations_enabled,
            created_at: Timestamp(row.created_at),
        })
    }
}

const COLUMNS: &str = "s.id, s.slug, s.name, s.production, s.integrations_enabled, s.created_at";

/// Adds a study.
///
/// # Errors
/// [`StoreError::Duplicate`] when the slug is taken.
pub async fn insert(tx: &mut Tx, study: &Study) -> Result<(), StoreError> {
    run!(
        tx,
        "INSERT INTO studies (id, slug, name, production, integrations_enabled, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        study.id.as_str(),
        &study.slug,
        &study.name,
        study.production,
        study.integrations_enabled,
        study.created_at.micros(),
    )?;
    Ok(())
}

/// By the name in its addresses.
pub async fn find_by_slug(db: &mut Db, slug: &str) -> Result<Option<Study>, StoreError> {
    maybe!(db, StudyRow, format!("SELECT {COLUMNS} FROM studies s WHERE s.slug = $1"), slug)?.map(Study::try_from).transpose()
}

/// By id.
pub async fn find(db: &mut Db, study: &StudyId) -> Result<Option<Study>, StoreError> {
    maybe!(db, StudyRow, format!("SELECT {COLUMNS} FROM studies s WHERE s.id = $1"), study.as_str())?.map(Study::try_from).transpose()
}

#[derive(sqlx::FromRow)]
struct OfMemberRow {
    #[sqlx(flatten)]
    study: StudyRow,
    role: String,
}

/// The studies somebody is a member of, by name.
pub async fn of_user(db: &mut Db, user: &UserId) -> Result<Vec<StudyOfMember>, StoreError> {
    let rows = all!(
        db,
        OfMemberRow,
        format!(
            "SELECT {COLUMNS}, m.role FROM memberships m JOIN studies s ON s.id = m.study_id WHERE m.user_id = $1 ORDER BY s.name, s.id"
        ),
        user.as_str(),
    )?;
    rows.into_iter().map(|row| Ok(StudyOfMember { study: row.study.try_into()?, role: known("role", &row.role, Role::parse)? })).collect()
}

/// Switches Integrations on or off.
pub async fn set_integrations(tx: &mut Tx, study: &StudyId, enabled: bool) -> Result<(), StoreError> {
    run!(tx, "UPDATE studies SET integrations_enabled = $2 WHERE id = $1", study.as_str(), enabled)?;
    Ok(())
}

/// Makes every other transaction that asks for the same wait until this one has ended: what is counted from here on stays as counted. On
/// SQLite it changes nothing, for one transaction writes at a time there; on PostgreSQL it locks the study's row, and nobody who only refers
/// to the study waits for it.
pub async fn hold(tx: &mut Tx, study: &StudyId) -> Result<(), StoreError> {
    run!(tx, "UPDATE studies SET integrations_enabled = integrations_enabled WHERE id = $1", study.as_str())?;
    Ok(())
}
