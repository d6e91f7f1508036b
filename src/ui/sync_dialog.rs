//! What somebody who saved is told when a synchronous webhook did not take it.

use super::{Icon, TimeTag};
use crate::model::synchronous::SyncOutcome;
use crate::model::time::Timestamp;
use leptos::prelude::*;

/// A dialog, open as the page opens: titled with the failure's name, it says what each webhook answered, that the save stands, and when it is
/// tried again. Closing needs no script. Nothing when every webhook took it.
#[component]
pub fn SyncDialog(
    /// What came of the webhooks that the save waited for.
    outcomes: Vec<SyncOutcome>,
    /// That the save stands: `Record 12 is saved.`
    #[prop(into)]
    saved: String,
    /// The path of the study's deliveries, without the delivery's id.
    #[prop(into)]
    deliveries: String,
    /// The present, as the server saw it when it began the page.
    now: Timestamp,
) -> impl IntoView {
    let failed: Vec<SyncOutcome> = outcomes.into_iter().filter(|o| o.failure.is_some()).collect();
    (!failed.is_empty()).then(|| {
        let mut names: Vec<&str> = failed.iter().filter_map(|o| o.failure).map(|f| f.as_str()).collect();
        names.dedup();
        let title = names.join(", ");
        let items = failed.into_iter().map(|outcome| failure(outcome, &deliveries, now)).collect_view();
        view! {
            <dialog class="sync-dialog tone-danger" open=true aria-labelledby="sync-title" aria-describedby="sync-saved">
                <h2 id="sync-title">
                    <Icon name="x-circle" />
                    {title}
                </h2>
                <p id="sync-saved" class="sync-saved">
                    <Icon name="check-circle" />
                    <span>{saved}" Nothing of it is lost, and there is no need to save again."</span>
                </p>
                <ul role="list">{items}</ul>
                <form method="dialog">
                    <button class="button primary" type="submit" autofocus=true>
                        "Close"
                    </button>
                </form>
            </dialog>
        }
    })
}

fn failure(outcome: SyncOutcome, deliveries: &str, now: Timestamp) -> impl IntoView + use<> {
    let again = match outcome.next_attempt_at {
        Some(at) => view! { <p>"It is tried again " <TimeTag t=at now=now /> "."</p> }.into_any(),
        None => view! { <p>"It is not tried again by itself; it can be retried by hand."</p> }.into_any(),
    };
    let name = if outcome.webhook_name.is_empty() { "A synchronous webhook".to_owned() } else { outcome.webhook_name };
    view! {
        <li>
            <p><strong>{name}</strong>" does not have it yet. "{outcome.message}</p>
            {again}
            <p><a href=format!("{deliveries}/{}", outcome.delivery_id)>"Open the delivery"</a></p>
        </li>
    }
}
