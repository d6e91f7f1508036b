//! The events of a study, newest first.

use super::frame::{Console, Frame, event_path, integrations_path};
use crate::model::event::Event;
use crate::model::page::Page;
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::ui::{Badge, DataTable, EmptyState, Id, NavKey, PageHead, Pager, Panel, TimeTag, Tone};
use leptos::prelude::*;

/// The list.
#[component]
pub fn EventsPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The events of this page.
    page: Page<Event>,
    /// Where this page starts; empty on the first.
    cursor: String,
) -> impl IntoView {
    let now = frame.now;
    let path = format!("/s/{}/events", study.slug);
    let table = if page.items.is_empty() && cursor.is_empty() {
        view! {
            <EmptyState icon="inbox" title="Nothing has happened yet">
                <p>
                    "An event is something that happened in the study: a participant was created, a form completed. Platforms publish events with an API key; study data that is entered here makes its own. Each goes to the webhooks that are subscribed to its type."
                </p>
                <div class="toolbar">
                    <a class="button" href=integrations_path(&study)>"Webhooks"</a>
                    <a class="button" href="/api/docs">"How to publish events"</a>
                </div>
            </EmptyState>
        }
        .into_any()
    } else {
        let rows = page.items.iter().map(|e| row(&study, e, now)).collect_view();
        view! {
            <DataTable label="Events" columns=&["Type", "Subject", "Accepted (UTC)", "Event", "Did not go to"]>{rows}</DataTable>
        }
        .into_any()
    };
    view! {
        <Console frame=frame nav=NavKey::Events>
            <PageHead title="Events" lead="What happened in the study. Each event says where it went, where not, and why." />
            <Panel title="Events" flush=true>
                {table}
                <Pager path=path cursor=cursor next=page.next />
            </Panel>
        </Console>
    }
}

fn row(study: &Study, e: &Event, now: Timestamp) -> impl IntoView + use<> {
    let test = e.is_test.then(|| view! { " " <Badge tone=Tone::Info label="Test" /> });
    let skipped = match e.skipped.len() {
        0 => view! { <span class="muted">"–"</span> }.into_any(),
        1 => "1 webhook".into_any(),
        n => format!("{n} webhooks").into_any(),
    };
    view! {
        <tr>
            <td><a class="row-link" href=event_path(study, &e.id)><code>{e.event_type.name()}</code></a>{test}</td>
            <td data-label="Subject" class="name">{e.subject.clone().unwrap_or_else(|| "–".to_owned())}</td>
            <td data-label="Accepted" class="one-line fit"><TimeTag t=e.accepted_at now=now short=true /></td>
            <td data-label="Event"><Id value=e.id.to_string() /></td>
            <td data-label="Did not go to">{skipped}</td>
        </tr>
    }
}
