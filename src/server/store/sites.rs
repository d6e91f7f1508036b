//! Sites.

use super::{Db, StoreError, Tx, all, id, maybe, run};
use crate::model::id::{SiteId, StudyId};
use crate::model::site::Site;
use crate::model::time::Timestamp;

type Row = (String, String, String, i64);

fn site((study, site, name, created_at): Row) -> Result<Site, StoreError> {
    Ok(Site { id: id("site", &site)?, study_id: id("site", &study)?, name, created_at: Timestamp(created_at) })
}

const SELECT: &str = "SELECT study_id, id, name, created_at FROM sites WHERE study_id = $1";

/// Adds a site.
///
/// # Errors
/// [`StoreError::Duplicate`] when its name is taken.
pub async fn insert(tx: &mut Tx, site: &Site) -> Result<(), StoreError> {
    let text = "INSERT INTO sites (study_id, id, name, created_at) VALUES ($1, $2, $3, $4)";
    run!(tx, text, site.study_id.as_str(), site.id.as_str(), &site.name, site.created_at.micros())?;
    Ok(())
}

/// All of a study, by name.
pub async fn of_study(db: &mut Db, study: &StudyId) -> Result<Vec<Site>, StoreError> {
    all!(db, Row, format!("{SELECT} ORDER BY name, id"), study.as_str())?.into_iter().map(site).collect()
}

/// By id.
pub async fn find(db: &mut Db, study: &StudyId, site_id: &SiteId) -> Result<Option<Site>, StoreError> {
    maybe!(db, Row, format!("{SELECT} AND id = $2"), study.as_str(), site_id.as_str())?.map(site).transpose()
}

/// By name.
pub async fn find_by_name(db: &mut Db, study: &StudyId, name: &str) -> Result<Option<Site>, StoreError> {
    maybe!(db, Row, format!("{SELECT} AND name = $2"), study.as_str(), name)?.map(site).transpose()
}

/// Gives a site another name; `false` when there is no such site.
///
/// # Errors
/// As [`insert`].
pub async fn rename(tx: &mut Tx, study: &StudyId, site_id: &SiteId, name: &str) -> Result<bool, StoreError> {
    Ok(run!(tx, "UPDATE sites SET name = $3 WHERE study_id = $1 AND id = $2", study.as_str(), site_id.as_str(), name)? == 1)
}
