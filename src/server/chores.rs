//! What runs in the background beside the engine: imports, schedules, replays, the outbox and e-mail, step by step. Each chore keeps its place in
//! the database, so that a crash costs nothing, and several nodes share the work.

use super::service::{imports, notices, outbox, replays, schedules};
use super::state::App;
use super::store::StoreError;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The clock is looked at this often.
const TICK: Duration = Duration::from_secs(1);

/// One step of everything; says whether there is more to do at once.
///
/// # Errors
/// When the database fails.
pub async fn step(app: &App) -> Result<bool, StoreError> {
    let importing = imports::carry_on(app).await?;
    let running = schedules::carry_on(app).await?;
    let replaying = replays::carry_on(app).await?;
    let publishing = outbox::carry_on(app).await?;
    Ok(importing || running || replaying || publishing)
}

/// Steps until there is nothing to do now.
///
/// # Errors
/// As [`step`].
pub async fn drain(app: &App) -> Result<(), StoreError> {
    while step(app).await? {}
    Ok(())
}

/// Sends the mail that is due now.
///
/// # Errors
/// When the database fails.
pub async fn drain_mail(app: &App) -> Result<(), StoreError> {
    while notices::send_due(app).await? {}
    Ok(())
}

/// Runs until `stop`.
pub async fn run(app: App, stop: CancellationToken) {
    let work = async {
        loop {
            if let Err(error) = drain(&app).await {
                tracing::warn!(%error, "a chore could not be carried on; it is tried again");
            }
            tokio::select! {
                () = app.chores.notified() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
    };
    // Apart, for a mail server that does not answer would hold up the rest.
    let mail = async {
        loop {
            if let Err(error) = drain_mail(&app).await {
                tracing::warn!(%error, "mail could not be carried on; it is tried again");
            }
            tokio::time::sleep(TICK).await;
        }
    };
    // A step that is cut off here was not committed: it is done again after the next start.
    tokio::select! {
        () = stop.cancelled() => {}
        () = work => {}
        () = mail => {}
    }
}
