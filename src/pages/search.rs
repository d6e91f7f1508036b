//! A search by id that found nothing.

use super::frame::{Console, Frame};
use crate::ui::{EmptyState, PageHead};
use leptos::prelude::*;

/// Says what can be searched for.
#[component]
pub fn NothingFound(
    /// Who and where.
    frame: Frame,
    /// What was searched for.
    q: String,
) -> impl IntoView {
    view! {
        <Console frame=frame search=q.clone()>
            <PageHead title="Search" />
            <EmptyState icon="search" title=format!("Nothing in this study is called “{q}”")>
                <p>
                    "Search for the whole id of a delivery ("<code>"dlv_…"</code>"), an event ("<code>"evt_…"</code>
                    ", or the id that its sender gave it), a webhook ("<code>"wh_…"</code>"), or a participant’s identifier."
                </p>
            </EmptyState>
        </Console>
    }
}
