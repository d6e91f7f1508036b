//! Notices: read, marked read, and sent by e-mail.

use crate::error::AppError;
use crate::model::notice::NoticeList;
use crate::model::page::Page;
use crate::model::permission::{Action, Decision};
use crate::model::time::{HOUR, MINUTE};
use crate::server::auth::Actor;
use crate::server::mail::{Mail, Mailer};
use crate::server::state::App;
use crate::server::store::notice_mails::{self, DueMail};
use crate::server::store::{StoreError, notices};

/// The first pause after a mail that did not go out, in microseconds. Longer than a try may take.
const FIRST_PAUSE: i64 = MINUTE;
/// The longest pause.
const LONGEST_PAUSE: i64 = 6 * HOUR;
/// After so long a mail is given up: nobody is helped by news that are so old.
const GIVE_UP: i64 = 72 * HOUR;
/// Characters of a mail server's answer that are kept at most.
const ERROR_MAX: usize = 500;

/// The notices of the actor's study, newest first; with `before`, those of smaller numbers.
///
/// # Errors
/// 403.
pub async fn list(app: &App, actor: &Actor, before: Option<i64>, limit: u32) -> Result<NoticeList, AppError> {
    actor.require(Action::ReadNotices)?;
    let study = &actor.study.id;
    let mut db = app.store.read().await?;
    let mut items = notices::list(&mut db, study, before, limit + 1).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > most;
    items.truncate(most);
    if let (Some(newest), Some(oldest)) = (items.first().map(|n| n.number), items.last().map(|n| n.number)) {
        for (number, mail) in notice_mails::between(&mut db, study, oldest, newest).await? {
            if let Some(notice) = items.iter_mut().find(|n| n.number == number) {
                notice.mails.push(mail);
            }
        }
    }
    let next = items.last().filter(|_| more).map(|n| n.number.to_string());
    let read_to = match actor.user_id() {
        Some(user) => notices::read_to(&mut db, study, user).await?,
        None => 0,
    };
    Ok(NoticeList { page: Page { items, next }, read_to, by_mail: app.mailer.is_some() })
}

/// How many notices the actor has not read; `None` for those whom notices are not for.
///
/// # Errors
/// When the database fails.
pub async fn unread(app: &App, actor: &Actor) -> Result<Option<i64>, AppError> {
    let Some(user) = actor.user_id().filter(|_| actor.decide(Action::ReadNotices) != Decision::Deny) else { return Ok(None) };
    let mut db = app.store.read().await?;
    Ok(Some(notices::unread(&mut db, &actor.study.id, user).await?))
}

/// Marks the notices up to a number read, for the actor alone. What somebody has looked at is no record of the study: it leaves no audit row.
///
/// # Errors
/// 403.
pub async fn mark_read(app: &App, actor: &Actor, to: i64) -> Result<(), AppError> {
    actor.require(Action::ReadNotices)?;
    if let Some(user) = actor.user_id() {
        let mut tx = app.store.begin().await?;
        notices::set_read(&mut tx, &actor.study.id, user, to).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Sends one mail that is due, whatever the study. Says whether there may be more to do.
///
/// A mail goes out at least once: what a crash leaves without an end is sent again, under the same `Message-ID`.
///
/// # Errors
/// When the database fails.
pub async fn send_due(app: &App) -> Result<bool, StoreError> {
    let Some(mailer) = &app.mailer else { return Ok(false) };
    let now = app.clock.now();
    let mut db = app.store.read().await?;
    let Some(due) = notice_mails::due(&mut db, now).await? else { return Ok(false) };
    drop(db);
    // The next try is noted before this one: that is what keeps other nodes off it, and what goes on after a crash.
    let next_at = now.plus(pause_after(due.tries));
    let mut tx = app.store.begin().await?;
    if !notice_mails::begin(&mut tx, &due, next_at).await? {
        return Ok(true);
    }
    tx.commit().await?;
    let done = if due.is_administrator { send(app, mailer, &due).await } else { Ok(()) };
    let mut tx = app.store.begin().await?;
    match done {
        Ok(()) if due.is_administrator => notice_mails::set_sent(&mut tx, &due, app.clock.now()).await?,
        Ok(()) => notice_mails::set_failed(&mut tx, &due, "They are no administrator of the study any more.", None).await?,
        Err(error) => {
            tracing::warn!(study = %due.study_slug, notice = due.number, %error, "a notice was not mailed");
            let error: String = error.chars().filter(|c| !c.is_control()).take(ERROR_MAX).collect();
            let again = (next_at.since(due.created_at) < GIVE_UP).then_some(next_at);
            notice_mails::set_failed(&mut tx, &due, &error, again).await?;
        }
    }
    tx.commit().await?;
    Ok(true)
}

/// The pause after so many tries: a minute, doubling.
fn pause_after(tries: i64) -> i64 {
    (FIRST_PAUSE << tries.clamp(0, 20)).min(LONGEST_PAUSE)
}

async fn send(app: &App, mailer: &Mailer, due: &DueMail) -> Result<(), String> {
    let base = app.config.public_url.as_str().trim_end_matches('/');
    let DueMail { study_slug, study_name, webhook_id, message, .. } = due;
    let body = format!(
        "{message}\n\nStudy: {study_name}\nSince: {}\nThe webhook: {base}/s/{study_slug}/settings/integrations/{webhook_id}\n\n\
         What was accepted waits there, and goes out when the webhook is active again.\n\n\
         You get this because you are an administrator of this study. All notices: {base}/s/{study_slug}/notices\n",
        due.created_at.human(),
    );
    let mail = Mail {
        to: due.email.clone(),
        subject: format!("{study_name}: a webhook was switched off"),
        body,
        id: format!("{}.{}.{}", due.study_id, due.number, due.user_id),
        at: app.clock.now(),
    };
    mailer.send(mail).await.map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_six_hours() {
        let minutes: Vec<i64> = [0, 1, 2, 8, 9, 60].into_iter().map(|n| pause_after(n) / MINUTE).collect();
        assert_eq!(minutes, [1, 2, 4, 256, 360, 360]);
    }
}
