//! The list of webhooks, composed; and what stands there when there is none.

use super::sample::{NOW, hours};
use crate::model::event_type::EventType;
use crate::model::time::{HOUR, MINUTE, SECOND, Timestamp};
use crate::model::webhook::{WebhookMode, WebhookStatus};
use crate::ui::*;
use leptos::prelude::*;

struct Row {
    name: &'static str,
    host: &'static str,
    status: WebhookStatus,
    cause: Option<&'static str>,
    mode: WebhookMode,
    events: Vec<EventType>,
    hours: Vec<(i64, i64)>,
    success: Option<&'static str>,
    last: Option<Timestamp>,
}

fn rows() -> Vec<Row> {
    use EventType::{FormCompleted, ParticipantCreated, RecordInserted, RecordUpdated, SurveyCompleted};
    vec![
        Row {
            name: "CTMS enrolment feed",
            host: "ctms.example.com",
            status: WebhookStatus::Active,
            cause: None,
            mode: WebhookMode::Live,
            events: vec![ParticipantCreated, FormCompleted],
            hours: hours(40, 6),
            success: Some("99.2 %"),
            last: Some(NOW.plus(-40 * SECOND)),
        },
        Row {
            name: "ePRO reminders",
            host: "hooks.reminders.example.org",
            status: WebhookStatus::Active,
            cause: None,
            mode: WebhookMode::Live,
            events: vec![SurveyCompleted],
            hours: hours(400, 0),
            success: Some("100 %"),
            last: Some(NOW.plus(-3 * MINUTE)),
        },
        Row {
            name: "Safety database",
            host: "intake.safety.example.net",
            status: WebhookStatus::Disabled,
            cause: Some("No success for 72 hours: the server's certificate expired on 17 November 2026."),
            mode: WebhookMode::Live,
            events: vec![ParticipantCreated, FormCompleted, SurveyCompleted, RecordInserted, RecordUpdated],
            hours: hours(0, 12),
            success: Some("0 %"),
            last: Some(NOW.plus(-7 * HOUR)),
        },
        Row {
            name: "Warehouse loader (old)",
            host: "warehouse.example.com",
            status: WebhookStatus::Inactive,
            cause: None,
            mode: WebhookMode::Live,
            events: vec![RecordInserted, RecordUpdated],
            hours: vec![(0, 0); 24],
            success: None,
            last: Some(NOW.plus(-700 * HOUR)),
        },
        Row {
            name: "Randomisation service",
            host: "rts-staging.example.com",
            status: WebhookStatus::Active,
            cause: None,
            mode: WebhookMode::Test,
            events: vec![ParticipantCreated],
            hours: vec![(0, 0); 24],
            success: None,
            last: None,
        },
    ]
}

#[component]
pub fn IntegrationsMock() -> impl IntoView {
    let rows = rows()
        .into_iter()
        .map(|w| {
            view! {
                <tr>
                    <th scope="row" class="wide">
                        <a class="row-link" href="?page=deliveries">
                            {w.name}
                        </a>
                        <span class="sub">{w.host}</span>
                    </th>
                    <td class="card-corner">
                        <StatusPill status=w.status cause=w.cause />
                    </td>
                    <td data-label="Mode">
                        <span>
                            <ModeBadge mode=w.mode />
                        </span>
                    </td>
                    <td data-label="Events">
                        <Chips events=w.events most=2 />
                    </td>
                    <td data-label="Last 24 hours">
                        <Sparkline buckets=w.hours />
                    </td>
                    <td class="number" data-label="Success">
                        {w.success.unwrap_or("–")}
                    </td>
                    <td data-label="Last attempt">
                        {match w.last {
                            Some(t) => view! { <TimeTag t=t now=NOW short=true /> }.into_any(),
                            None => view! { <span class="none">"never"</span> }.into_any(),
                        }}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <PageHead title="Integrations" lead="Webhooks send what happens in this study to other systems.">
            <a class="button primary" href="?page=edit">
                <Icon name="plus" />
                "Add webhook"
            </a>
        </PageHead>
        <Banner tone=Tone::Danger title="Safety database is disabled">
            <p>"No success for 72 hours: the server's certificate expired on 17 November 2026. 1,204 events wait for it."</p>
            <div class="toolbar">
                <a class="button small" href="?page=deliveries">
                    "See what went wrong"
                </a>
            </div>
        </Banner>
        <FilterBar action="?page=integrations" label="Filter webhooks">
            <TextInput label="Name or host" name="q" kind="search" />
            <Select
                label="Status"
                name="status"
                options=vec![
                    Choice::new("", "Any"),
                    Choice::new("active", "Active"),
                    Choice::new("inactive", "Inactive"),
                    Choice::new("disabled", "Disabled"),
                ]
            />
            <Select label="Mode" name="mode" options=vec![Choice::new("", "Any"), Choice::new("live", "Live"), Choice::new("test", "Test")] />
        </FilterBar>
        <TableRegion label="Webhooks">
            <table class="data cards">
                <thead>
                    <tr>
                        <th scope="col">"Webhook"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Mode"</th>
                        <th scope="col">"Events"</th>
                        <th scope="col">"Last 24 hours"</th>
                        <th scope="col" class="number">
                            "Success"
                        </th>
                        <th scope="col">"Last attempt (UTC)"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </TableRegion>
    }
}

#[component]
pub fn EmptyMock() -> impl IntoView {
    view! {
        <PageHead title="Integrations" lead="Webhooks send what happens in this study to other systems." />
        <EmptyState title="No webhook yet">
            <p>
                "A webhook calls an address of yours whenever something happens here: a participant is created, a form is completed. Each call is signed, kept, and repeated until it arrives."
            </p>
            <div class="toolbar">
                <a class="button primary" href="?page=edit">
                    <Icon name="plus" />
                    "Add webhook"
                </a>
                <a class="button" href="/docs/local-receiver">
                    "Try with a local receiver"
                </a>
            </div>
        </EmptyState>
    }
}

#[component]
pub fn LockedMock() -> impl IntoView {
    view! {
        <PageHead title="Integrations" />
        <EmptyState icon="lock" title="Integrations are not enabled for this study">
            <p>"Ask your implementation manager to enable the integration. Until then no webhook can be added and nothing leaves the study."</p>
            <p>"Implementation managers of this study: Grace Lindqvist, Tomás Herrera."</p>
        </EmptyState>
    }
}
