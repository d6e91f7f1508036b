//! One event: why did it fire, or why not? Where it went, and each subscribed webhook that it did not go to, with the reason.

use super::frame::{Console, Frame, integrations_path, webhook_path};
use crate::islands::CopyButton;
use crate::model::delivery::{BodyAccess, Delivery};
use crate::model::event::{EventDetail, Skipped};
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::ui::{
    AttemptDots, Badge, Banner, CodeBlock, DataTable, Definition, DefinitionList, EmptyState, FailureBadge, HttpStatus, Id, NavKey,
    PageHead, Panel, StateBadge, TimeTag, Tone, ago,
};
use leptos::prelude::*;

/// The page.
#[component]
pub fn EventPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The event.
    detail: EventDetail,
    /// Whether the person could see its data if they asked: a live one's reading is audited.
    may_reveal: bool,
) -> impl IntoView {
    let now = frame.now;
    let crumbs = vec![("Events".to_owned(), Some(format!("/s/{}/events", study.slug))), ("Event".to_owned(), None)];
    let (went, skipped, data) = (went(&study, &detail, now), skipped(&study, &detail), data(&study, &detail, may_reveal));
    let e = detail.event;
    let (id, test) = (e.id.to_string(), e.is_test);
    view! {
        <Console frame=frame nav=NavKey::Events crumbs=crumbs>
            <PageHead
                title=e.event_type.name()
                badges=move || test.then(|| view! { <Badge tone=Tone::Info label="Test" /> })
                lead=move || view! { <Id value=id.clone() whole=true /> " " <CopyButton text=id label="Copy".to_owned() /> }
            />
            <div class="stack">
                {went}
                {skipped}
                <Panel title="Event">
                    <DefinitionList>
                        <Definition term="Means">{e.event_type.description()}</Definition>
                        <Definition term="Subject">{e.subject.unwrap_or_else(|| "–".to_owned())}</Definition>
                        <Definition term="Occurred"><TimeTag t=e.occurred_at now=now /></Definition>
                        <Definition term="Accepted"><TimeTag t=e.accepted_at now=now /></Definition>
                        <Definition term="Source"><code>{e.source}</code></Definition>
                        <Definition term="Id at the source"><code>{e.external_id}</code></Definition>
                    </DefinitionList>
                </Panel>
                {data}
            </div>
        </Console>
    }
}

fn went(study: &Study, detail: &EventDetail, now: Timestamp) -> impl IntoView + use<> {
    let body = if detail.deliveries.is_empty() {
        let why = if detail.event.skipped.is_empty() {
            "No webhook was subscribed to its type when it was accepted."
        } else {
            "Each webhook that is subscribed to its type stands below, with the reason why it did not go there."
        };
        let hooks = integrations_path(study);
        view! {
            <EmptyState title="It went to no webhook">
                <p>{why}</p>
                <div class="toolbar"><a class="button" href=hooks>"Webhooks"</a></div>
            </EmptyState>
        }
        .into_any()
    } else {
        let rows = detail.deliveries.iter().map(|d| delivery(study, detail.name_of(&d.webhook_id), d, now)).collect_view();
        view! {
            <DataTable label="Deliveries" columns=&["Webhook", "State", "Attempts", "Answer", "Next attempt", "Delivery"]>{rows}</DataTable>
        }
        .into_any()
    };
    view! { <Panel title="Where it went" id="went" flush=true>{body}</Panel> }
}

fn delivery(study: &Study, webhook: String, d: &Delivery, now: Timestamp) -> impl IntoView + use<> {
    let link = format!("/s/{}/deliveries/{}", study.slug, d.id);
    let answer = match (d.last_status, d.last_failure) {
        (Some(status), _) => view! { <HttpStatus status=Some(status) reason=true /> }.into_any(),
        (None, Some(kind)) => view! { <FailureBadge kind=kind /> }.into_any(),
        (None, None) => view! { <span class="muted">"–"</span> }.into_any(),
    };
    let next = match d.next_attempt_at {
        Some(at) if at > now => ago(at, now),
        Some(_) => "Due".to_owned(),
        None => "–".to_owned(),
    };
    view! {
        <tr>
            <td><a class="row-link" href=link.clone()>{webhook}</a></td>
            <td class="card-corner nowrap"><StateBadge state=d.state /></td>
            <td data-label="Attempts"><AttemptDots attempts=d.attempts state=d.state /></td>
            <td data-label="Answer">{answer}</td>
            <td data-label="Next attempt" class="nowrap">{next}</td>
            <td data-label="Delivery"><a href=link><Id value=d.id.to_string() /></a></td>
        </tr>
    }
}

fn skipped(study: &Study, detail: &EventDetail) -> Option<impl IntoView + use<>> {
    (!detail.event.skipped.is_empty()).then(|| {
        let rows = detail.event.skipped.iter().map(|s| skip(study, detail.name_of(&s.webhook_id), s)).collect_view();
        view! {
            <Panel title="Where it did not go" id="skipped" flush=true>
                <DataTable label="Webhooks that it did not go to" columns=&["Webhook", "Outcome", "Why, when it was accepted"]>{rows}</DataTable>
            </Panel>
        }
    })
}

fn skip(study: &Study, webhook: String, s: &Skipped) -> impl IntoView + use<> {
    let badge = if s.reason.is_filter() {
        view! { <Badge tone=Tone::Info label="Filtered" /> }
    } else {
        view! { <Badge tone=Tone::Warning label="Not sent" /> }
    };
    view! {
        <tr>
            <td><a class="row-link" href=webhook_path(study, &s.webhook_id)>{webhook}</a></td>
            <td class="card-corner nowrap">{badge}</td>
            <td data-label="Why">{s.reason.label()}</td>
        </tr>
    }
}

fn data(study: &Study, detail: &EventDetail, may_reveal: bool) -> impl IntoView + use<> {
    if let Some(data) = &detail.event.data {
        let text = serde_json::to_string_pretty(data).unwrap_or_else(|_| data.to_string());
        return view! {
            <Panel title="Data" id="data">
                <CodeBlock label="Data, as it was accepted" text=text.clone() wrap=true>
                    <CopyButton text=text label="Copy".to_owned() />
                </CodeBlock>
            </Panel>
        }
        .into_any();
    }
    let text = match (may_reveal, detail.access) {
        (true, _) => "Data of live events may hold health data. Showing it is written into the audit trail.",
        (false, BodyAccess::Redacted) => "Your role sees that there was data, not what it says.",
        (false, _) => "Your role does not see the data of live events.",
    };
    let button = may_reveal.then(|| {
        view! {
            <form method="post" action=format!("{}/reveal", super::frame::event_path(study, &detail.event.id))>
                <button class="button" type="submit">"Show the data"</button>
            </form>
        }
    });
    view! {
        <Banner tone=Tone::Info title="The data is hidden">
            <p>{text}</p>
            {button}
        </Banner>
    }
    .into_any()
}
