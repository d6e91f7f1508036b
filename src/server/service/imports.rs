//! Imports of participants from CSV: read and shown, confirmed, then carried out in the background in steps that survive a crash.

use super::participants::{created_event, new_participant};
use crate::error::{AppError, invalid, not_found};
use crate::model::audit::AuditEntry;
use crate::model::id::{ImportId, StudyId};
use crate::model::import::{BYTES_MAX, Import, ImportRow, ImportState, ROWS_MAX};
use crate::model::participant::{Origin, ParticipantDraft};
use crate::model::permission::Action;
use crate::model::site::Site;
use crate::server::auth::Actor;
use crate::server::engine::intake::{self, Audience, Planned};
use crate::server::state::App;
use crate::server::store::{StoreError, audit, imports, participants, sites, studies};
use serde_json::json;
use std::collections::HashMap;

/// Rows carried out in one commit.
const STEP: u32 = 500;

/// What a preview and a running import show.
#[derive(Debug, Clone)]
pub struct ImportView {
    /// The import.
    pub import: Import,
    /// The first good rows.
    pub sample: Vec<ImportRow>,
    /// Rows with an error.
    pub bad: Vec<ImportRow>,
}

/// Reads the file into rows, each with what is wrong with it as far as the file alone tells.
fn read(bytes: &[u8]) -> Result<Vec<ImportRow>, AppError> {
    if bytes.len() > BYTES_MAX {
        return Err(invalid("file", format!("has more than {} MiB, which is the most that is taken", BYTES_MAX / 1024 / 1024)));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|e| invalid("file", format!("is not UTF-8 (byte {}); save it as “CSV UTF-8”", e.valid_up_to())))?;
    // One kind of line end: at CR LF the reader counts a record to the line before its own.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let head = text.lines().next().unwrap_or_default();
    let delimiter = [b';', b'\t'].into_iter().find(|d| head.as_bytes().contains(d) && !head.contains(',')).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|e| invalid("file", format!("its first line cannot be read: {e}")))?.clone();
    let column = |name: &str| headers.iter().position(|h| h.eq_ignore_ascii_case(name));
    let (identifier, site, email) = (column("identifier"), column("site"), column("email"));
    if identifier.is_none() && email.is_none() {
        return Err(invalid("file", "its first line must name the columns: identifier, and where there are any site, email and others"));
    }
    let mut seen = HashMap::<String, i64>::new();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| invalid("file", format!("cannot be read: {e}")))?;
        let line = record.position().map_or(0, |p| i64::try_from(p.line()).unwrap_or_default());
        if record.iter().all(str::is_empty) {
            continue;
        }
        if rows.len() >= ROWS_MAX {
            return Err(invalid("file", format!("has more than {ROWS_MAX} rows; import it in parts")));
        }
        let of = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default().to_owned();
        let named = headers
            .iter()
            .zip(&record)
            .enumerate()
            .filter(|(at, (name, value))| ![identifier, site, email].contains(&Some(*at)) && !name.is_empty() && !value.is_empty());
        let details: Vec<String> =
            named.map(|(_, (name, value))| format!("{}: {}", name.replace(':', " "), value.replace(['\r', '\n'], " "))).collect();
        let mut row =
            ImportRow { line, identifier: of(identifier), site: of(site), email: of(email), details: details.join("\n"), error: None };
        if record.len() != headers.len() {
            row.error = Some(format!("has {} fields; the first line has {}", record.len(), headers.len()));
        } else if let Err(errors) = draft_of(&row).check() {
            row.error = Some(errors.0.iter().map(|e| format!("{}: {}", e.field, e.message)).collect::<Vec<_>>().join("; "));
        } else if !row.identifier.is_empty()
            && let Some(first) = seen.insert(row.identifier.clone(), line)
        {
            seen.insert(row.identifier.clone(), first);
            row.error = Some(format!("identifier: is on line {first} already"));
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(invalid("file", "holds no rows below its first line"));
    }
    Ok(rows)
}

fn draft_of(row: &ImportRow) -> ParticipantDraft {
    ParticipantDraft { identifier: row.identifier.clone(), site: row.site.clone(), email: row.email.clone(), details: row.details.clone() }
}

fn site_named<'a>(sites: &'a [Site], text: &str) -> Option<&'a Site> {
    sites.iter().find(|s| s.id.as_str() == text || s.name == text)
}

/// Reads a file and keeps it as a preview. Nothing is imported until [`confirm`].
///
/// # Errors
/// 403; on `file`, when it cannot be read as a whole.
pub async fn preview(app: &App, actor: &Actor, file_name: &str, bytes: &[u8]) -> Result<Import, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut rows = read(bytes)?;
    let mut db = app.store.read().await?;
    let sites = sites::of_study(&mut db, &actor.study.id).await?;
    let identifiers: Vec<String> =
        rows.iter().filter(|r| r.error.is_none() && !r.identifier.is_empty()).map(|r| r.identifier.clone()).collect();
    let taken = participants::taken(&mut db, &actor.study.id, &identifiers).await?;
    drop(db);
    for row in rows.iter_mut().filter(|r| r.error.is_none()) {
        if taken.contains(&row.identifier) {
            row.error = Some("identifier: is another participant's of this study".to_owned());
        } else if !row.site.is_empty() && site_named(&sites, &row.site).is_none() {
            row.error = Some("site: is no site of this study".to_owned());
        }
    }
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let now = app.clock.now();
    let import = Import {
        id: ImportId::from_bits(app.ids.next()),
        study_id: actor.study.id.clone(),
        file_name: file_name.chars().filter(|c| !c.is_control()).take(200).collect(),
        state: ImportState::Preview,
        total: count(rows.len()),
        bad: count(rows.iter().filter(|r| r.error.is_some()).count()),
        line_done: 0,
        created: 0,
        skipped: 0,
        created_by: actor.id().to_owned(),
        created_at: now,
        finished_at: None,
    };
    let mut tx = app.store.begin().await?;
    imports::insert(&mut tx, &import, &rows).await?;
    let changes = json!({"file": import.file_name, "rows": import.total, "bad": import.bad});
    actor.audit(&mut tx, now, "import.previewed", import.id.as_str(), changes, None).await?;
    tx.commit().await?;
    Ok(import)
}

/// One import with rows to look at.
///
/// # Errors
/// 403, 404.
pub async fn get(app: &App, actor: &Actor, id: &ImportId) -> Result<ImportView, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    let Some(import) = imports::find(&mut db, &actor.study.id, id).await? else { return Err(not_found("import")) };
    let sample = imports::rows(&mut db, &actor.study.id, id, 0, Some(false), 20).await?;
    let bad = imports::rows(&mut db, &actor.study.id, id, 0, Some(true), 200).await?;
    Ok(ImportView { import, sample, bad })
}

/// The latest imports of the actor's study.
///
/// # Errors
/// 403.
pub async fn latest(app: &App, actor: &Actor) -> Result<Vec<Import>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    Ok(imports::latest(&mut db, &actor.study.id, 20).await?)
}

/// Lets the good rows of a preview be imported. Those with an error are left out.
///
/// # Errors
/// 403, 404; 409 when it is no preview any more, or has no good row.
pub async fn confirm(app: &App, actor: &Actor, id: &ImportId) -> Result<Import, AppError> {
    turn(app, actor, id, ImportState::Running, "import.confirmed").await
}

/// Throws a preview away.
///
/// # Errors
/// 403, 404; 409 when it is no preview any more.
pub async fn discard(app: &App, actor: &Actor, id: &ImportId) -> Result<Import, AppError> {
    turn(app, actor, id, ImportState::Discarded, "import.discarded").await
}

async fn turn(app: &App, actor: &Actor, id: &ImportId, to: ImportState, action: &str) -> Result<Import, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut tx = app.store.begin().await?;
    let Some(import) = imports::find(&mut tx, &actor.study.id, id).await? else { return Err(not_found("import")) };
    if to == ImportState::Running && import.good() == 0 {
        return Err(AppError::Conflict("No row of this file can be imported. Mend the file and upload it again.".to_owned()));
    }
    let now = app.clock.now();
    let finished_at = (to == ImportState::Discarded).then_some(now);
    if !imports::set_state(&mut tx, &actor.study.id, id, ImportState::Preview, to, finished_at).await? {
        return Err(AppError::Conflict(format!("This import is no preview any more; it is: {}.", import.state.label())));
    }
    actor.audit(&mut tx, now, action, id.as_str(), json!({"rows": import.good()}), None).await?;
    tx.commit().await?;
    app.chores.notify_one();
    Ok(Import { state: to, finished_at, ..import })
}

/// Carries every running import on by one step, whatever the study. Says whether there is more to do.
///
/// # Errors
/// When the database fails; the step is as if it had not been.
pub async fn carry_on(app: &App) -> Result<bool, StoreError> {
    let mut db = app.store.read().await?;
    let running = imports::running(&mut db).await?;
    drop(db);
    for import in &running {
        step(app, import).await?;
    }
    Ok(!running.is_empty())
}

/// One step of one import: participants and events of up to [`STEP`] rows in one commit.
async fn step(app: &App, import: &Import) -> Result<(), StoreError> {
    let mut db = app.store.read().await?;
    let Some(study) = studies::find(&mut db, &import.study_id).await? else { return Ok(()) };
    let sites = sites::of_study(&mut db, &study.id).await?;
    let rows = imports::rows(&mut db, &study.id, &import.id, import.line_done, Some(false), STEP).await?;
    drop(db);
    let hooks = intake::webhooks_of(&app.engine, &study).await?;
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let Some(last) = rows.last().map(|r| r.line) else {
        if imports::set_state(&mut tx, &study.id, &import.id, ImportState::Running, ImportState::Done, Some(now)).await? {
            let why = format!("{} created, {} skipped", import.created, import.skipped);
            let entry = AuditEntry::by_engine(&study.id, now, "import.done", import.id.as_str(), &why);
            audit::append(&mut tx, &entry, None).await?;
        }
        return tx.commit().await;
    };
    let mut events = Vec::with_capacity(rows.len());
    let mut skipped = 0;
    for row in &rows {
        let site = site_named(&sites, &row.site);
        // Both were right when the file was read; meanwhile a site may have got another name.
        let checked = draft_of(row).check().ok().filter(|_| row.site.is_empty() || site.is_some());
        let participant = checked.map(|checked| new_participant(app, &study, checked, site, Origin::Import, now));
        let created = match &participant {
            Some(participant) => participants::insert(&mut tx, participant).await?,
            None => false,
        };
        match participant {
            Some(participant) if created => events.push(created_event(&participant, site)),
            _ => {
                skipped += 1;
                set_skipped(&mut tx, &study.id, import, row).await?;
            }
        }
    }
    let created = i64::try_from(events.len()).unwrap_or_default();
    // Another node may have done this step: then it is not done a second time.
    if !imports::advance(&mut tx, import, last, created, skipped).await? {
        return Ok(());
    }
    let mut planned = Planned::new(&app.engine, &study, &hooks, events, Audience::Subscribed, false);
    planned.write(&app.engine, &mut tx).await?;
    let why = format!("lines {}–{last}: {created} created, {skipped} skipped", rows.first().map_or(last, |r| r.line));
    let entry = AuditEntry::by_engine(&study.id, now, "participants.imported", import.id.as_str(), &why);
    audit::append(&mut tx, &entry, None).await?;
    tx.commit().await?;
    planned.committed(&app.engine);
    Ok(())
}

async fn set_skipped(tx: &mut crate::server::store::Tx, study: &StudyId, import: &Import, row: &ImportRow) -> Result<(), StoreError> {
    imports::set_error(tx, study, &import.id, row.line, "was taken, or its site renamed, after the preview").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_an_editor_counts_them_whatever_ends_them() {
        let file = "\u{feff}identifier,Note\n1,one\n2,\"two\nlines\"\n3,three\n3,again\n";
        for text in [file.to_owned(), file.replace('\n', "\r\n")] {
            let rows = read(text.as_bytes()).expect("readable");
            assert_eq!(rows.iter().map(|r| r.line).collect::<Vec<_>>(), [2, 3, 5, 6], "{text:?}");
            assert_eq!(rows[1].details, "Note: two lines");
            assert_eq!(rows[3].error.as_deref(), Some("identifier: is on line 5 already"));
        }
    }
}
