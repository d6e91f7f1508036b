//! What a search by id found.

use super::frame::{Console, Frame, participants_path};
use crate::model::delivery::Delivery;
use crate::model::participant::Participant;
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::ui::{Badge, DataTable, EmptyState, Id, PageHead, Panel, StateBadge, TimeTag, Tone};
use leptos::prelude::*;

/// Whom a search names, and the deliveries that are about it; or that there is no such thing, and what can be searched for.
#[component]
pub fn SearchPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// What was searched for.
    q: String,
    /// The participant with that identifier.
    participant: Option<Participant>,
    /// The latest deliveries about it.
    deliveries: Vec<Delivery>,
) -> impl IntoView {
    let now = frame.now;
    let nothing = participant.is_none() && deliveries.is_empty();
    let lead = if nothing { String::new() } else { format!("What is called “{q}” in this study.") };
    let body = if nothing { nothing_found(&q).into_any() } else { found(&study, participant, &deliveries, now).into_any() };
    view! {
        <Console frame=frame search=q>
            <PageHead title="Search" lead=lead />
            {body}
        </Console>
    }
}

fn nothing_found(q: &str) -> impl IntoView + use<> {
    view! {
        <EmptyState icon="search" title=format!("Nothing in this study is called “{q}”")>
            <p>
                "Search for the whole id of a delivery ("<code>"dlv_…"</code>"), an event ("<code>"evt_…"</code>
                ", or the id that its sender gave it), a webhook ("<code>"wh_…"</code>"), or a participant ("<code>"par_…"</code>
                ", or their identifier)."
            </p>
        </EmptyState>
    }
}

fn found(study: &Study, participant: Option<Participant>, deliveries: &[Delivery], now: Timestamp) -> impl IntoView + use<> {
    let participant = participant.map(|p| {
        let link = format!("{}/{}", participants_path(study), p.id);
        view! {
            <Panel title="Participant" flush=true>
                <DataTable label="Participant" columns=&["Identifier", "Enrolled (UTC)", "Participant"]>
                    <tr>
                        <td><a class="row-link" href=link>{p.identifier}</a></td>
                        <td data-label="Enrolled" class="one-line"><TimeTag t=p.created_at now=now short=true /></td>
                        <td data-label="Participant"><Id value=p.id.to_string() /></td>
                    </tr>
                </DataTable>
            </Panel>
        }
    });
    let rows = deliveries.iter().map(|d| row(study, d, now)).collect_view();
    let table = if deliveries.is_empty() {
        view! {
            <EmptyState icon="inbox" title="No delivery is about it">
                <p>"No event about it went to a webhook yet. An event’s own page, from the list of events, says why."</p>
            </EmptyState>
        }
        .into_any()
    } else {
        view! { <DataTable label="Deliveries" columns=&["Event", "Subject", "State", "Accepted (UTC)", "Delivery"]>{rows}</DataTable> }
            .into_any()
    };
    view! {
        <div class="stack">
            {participant}
            <Panel title="Latest deliveries" flush=true>{table}</Panel>
        </div>
    }
}

fn row(study: &Study, d: &Delivery, now: Timestamp) -> impl IntoView + use<> {
    let test = d.is_test.then(|| view! { " " <Badge tone=Tone::Info label="Test" /> });
    view! {
        <tr>
            <td><a class="row-link" href=super::frame::event_path(study, &d.event_id)><code>{d.event_type.name()}</code></a>{test}</td>
            <td data-label="Subject" class="name">{d.subject.clone().unwrap_or_default()}</td>
            <td class="card-corner nowrap"><StateBadge state=d.state /></td>
            <td data-label="Accepted" class="one-line fit"><TimeTag t=d.created_at now=now short=true /></td>
            <td data-label="Delivery"><a href=format!("/s/{}/deliveries/{}", study.slug, d.id)><Id value=d.id.to_string() /></a></td>
        </tr>
    }
}
