//! Notices on their way by e-mail: one row for each administrator, with what became of it.

use super::{Db, StoreError, Tx, all, id, maybe, run};
use crate::model::id::{StudyId, UserId, WebhookId};
use crate::model::notice::NoticeMail;
use crate::model::time::Timestamp;

/// A mail that is due, with all that is needed to write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueMail {
    /// The study.
    pub study_id: StudyId,
    /// The notice's number in it.
    pub number: i64,
    /// To whom.
    pub user_id: UserId,
    /// How often it was tried.
    pub tries: i64,
    /// Since when it is due.
    pub next_at: Timestamp,
    /// Their address.
    pub email: String,
    /// Whether they still are an administrator of the study.
    pub is_administrator: bool,
    /// The study's name in addresses.
    pub study_slug: String,
    /// The study's name.
    pub study_name: String,
    /// The webhook that the notice is about.
    pub webhook_id: WebhookId,
    /// What the notice says.
    pub message: String,
    /// When it was written.
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct DueRow {
    study_id: String,
    number: i64,
    user_id: String,
    tries: i64,
    next_at: i64,
    email: String,
    is_administrator: bool,
    study_slug: String,
    study_name: String,
    webhook_id: String,
    message: String,
    created_at: i64,
}

/// Lets a notice be mailed to each present administrator of its study.
pub async fn insert(tx: &mut Tx, study: &StudyId, number: i64, now: Timestamp) -> Result<(), StoreError> {
    run!(
        tx,
        "INSERT INTO notice_mails (study_id, number, user_id, next_at)
         SELECT study_id, $2, user_id, $3 FROM memberships WHERE study_id = $1 AND role = 'administrator'",
        study.as_str(),
        number,
        now.micros(),
    )?;
    Ok(())
}

/// The one that is due longest, of any study.
pub async fn due(db: &mut Db, now: Timestamp) -> Result<Option<DueMail>, StoreError> {
    let text = "SELECT m.study_id, m.number, m.user_id, m.tries, m.next_at, u.email, n.webhook_id, n.message, n.created_at,
           s.slug AS study_slug, s.name AS study_name,
           EXISTS (SELECT 1 FROM memberships a WHERE a.study_id = m.study_id AND a.user_id = m.user_id AND a.role = 'administrator')
             AS is_administrator
         FROM notice_mails m JOIN notices n ON n.study_id = m.study_id AND n.number = m.number
           JOIN studies s ON s.id = m.study_id JOIN users u ON u.id = m.user_id
         WHERE m.next_at <= $1 ORDER BY m.next_at, m.study_id, m.number, m.user_id LIMIT 1";
    let Some(row) = maybe!(db, DueRow, text, now.micros())? else { return Ok(None) };
    Ok(Some(DueMail {
        study_id: id("notice's mail", &row.study_id)?,
        number: row.number,
        user_id: id("notice's mail", &row.user_id)?,
        tries: row.tries,
        next_at: Timestamp(row.next_at),
        email: row.email,
        is_administrator: row.is_administrator,
        study_slug: row.study_slug,
        study_name: row.study_name,
        webhook_id: id("notice", &row.webhook_id)?,
        message: row.message,
        created_at: Timestamp(row.created_at),
    }))
}

/// Begins a try of `mail` as it was read, and notes when the next one is if this one comes to no end; `false` when another node is at it.
pub async fn begin(tx: &mut Tx, mail: &DueMail, next_at: Timestamp) -> Result<bool, StoreError> {
    let changed = run!(
        tx,
        "UPDATE notice_mails SET tries = tries + 1, next_at = $5 WHERE study_id = $1 AND number = $2 AND user_id = $3 AND next_at = $4",
        mail.study_id.as_str(),
        mail.number,
        mail.user_id.as_str(),
        mail.next_at.micros(),
        next_at.micros(),
    )?;
    Ok(changed == 1)
}

/// The mail server took it.
pub async fn set_sent(tx: &mut Tx, mail: &DueMail, at: Timestamp) -> Result<(), StoreError> {
    run!(
        tx,
        "UPDATE notice_mails SET next_at = NULL, sent_at = $4, error = NULL WHERE study_id = $1 AND number = $2 AND user_id = $3",
        mail.study_id.as_str(),
        mail.number,
        mail.user_id.as_str(),
        at.micros(),
    )?;
    Ok(())
}

/// It did not go out, and is tried again then; `None`: it is given up.
pub async fn set_failed(tx: &mut Tx, mail: &DueMail, error: &str, next_at: Option<Timestamp>) -> Result<(), StoreError> {
    run!(
        tx,
        "UPDATE notice_mails SET next_at = $5, error = $4 WHERE study_id = $1 AND number = $2 AND user_id = $3 AND sent_at IS NULL",
        mail.study_id.as_str(),
        mail.number,
        mail.user_id.as_str(),
        error,
        next_at.map(Timestamp::micros),
    )?;
    Ok(())
}

/// What became of the mails of the notices from one number to another, each with the notice's number.
pub async fn between(db: &mut Db, study: &StudyId, from: i64, to: i64) -> Result<Vec<(i64, NoticeMail)>, StoreError> {
    let text = "SELECT m.number, u.name, m.sent_at, m.next_at, m.error FROM notice_mails m JOIN users u ON u.id = m.user_id
         WHERE m.study_id = $1 AND m.number >= $2 AND m.number <= $3 ORDER BY m.number, u.name, u.id";
    let rows = all!(db, (i64, String, Option<i64>, Option<i64>, Option<String>), text, study.as_str(), from, to)?;
    let mail = |(number, to, sent_at, next_at, error): (i64, String, Option<i64>, Option<i64>, Option<String>)| {
        (number, NoticeMail { to, sent_at: sent_at.map(Timestamp), next_at: next_at.map(Timestamp), error })
    };
    Ok(rows.into_iter().map(mail).collect())
}
