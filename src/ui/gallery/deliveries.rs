//! A webhook's deliveries, composed: head, strip of numbers, tabs, filters, table, pager.

use super::sample::{NOW, deliveries};
use crate::model::delivery::{DeliveryState, FailureKind};
use crate::model::event_type::EventType;
use crate::model::time::human_duration;
use crate::model::webhook::{WebhookMode, WebhookStatus};
use crate::ui::*;
use leptos::prelude::*;

/// The tabs of a webhook, as every page of it shows them.
fn tabs(current: &str) -> Vec<Tab> {
    ["Overview", "Deliveries", "Test", "Secret", "Settings", "History"]
        .into_iter()
        .map(|label| {
            let tab = Tab::new(label, "?page=deliveries", label == current);
            if label == "Deliveries" { tab.count("12,481") } else { tab }
        })
        .collect()
}

#[component]
pub fn WebhookHead() -> impl IntoView {
    view! {
        <PageHead
            title="CTMS enrolment feed"
            badges=|| {
                view! {
                    <StatusPill status=WebhookStatus::Active />
                    <ModeBadge mode=WebhookMode::Live />
                }
            }
            lead=|| view! { <code>"https://ctms.example.com/hooks/enrolment"</code> }
        >
            <a class="button" href="?page=edit">
                <Icon name="edit" />
                "Edit"
            </a>
            <a class="button primary" href="?page=deliveries">
                <Icon name="send" />
                "Send sample"
            </a>
        </PageHead>
    }
}

#[component]
pub fn DeliveriesMock() -> impl IntoView {
    let any = || vec![Choice::new("", "Any")];
    let mut states = any();
    states.push(Choice::new("waiting", "Waiting"));
    states.extend(DeliveryState::ALL.iter().map(|s| Choice::new(s.as_str(), s.label())));
    let mut failures = any();
    failures.extend(FailureKind::ALL.iter().map(|f| Choice::new(f.as_str(), f.label())));
    let mut events = any();
    events.extend(EventType::ALL.iter().map(|e| Choice::new(e.name(), e.name())));
    let mut classes = any();
    classes.extend(["2xx", "3xx", "4xx", "5xx"].map(|c| Choice::new(c, c)));

    let rows = deliveries()
        .into_iter()
        .map(|d| {
            view! {
                <tr>
                    <td class="card-corner">
                        <StateBadge state=d.state />
                    </td>
                    <th scope="row">
                        <a class="row-link" href="?page=delivery">
                            {d.event_type.name()}
                        </a>
                        {d
                            .is_test
                            .then(|| {
                                view! {
                                    " "
                                    <ModeBadge mode=WebhookMode::Test />
                                }
                            })}
                    </th>
                    <td class="nowrap" data-label="Subject">
                        {d.subject}
                    </td>
                    <td class="nowrap" data-label="Delivery">
                        <Id value=d.id.as_str() />
                    </td>
                    <td data-label="Attempts">
                        <AttemptDots attempts=d.attempts state=d.state />
                    </td>
                    <td data-label="Answer">
                        {match (d.last_status, d.last_failure) {
                            (None, Some(kind)) => view! { <FailureBadge kind=kind /> }.into_any(),
                            (status, _) => view! { <HttpStatus status=status /> }.into_any(),
                        }}
                    </td>
                    <td class="number card-hide" data-label="Took">
                        {d.last_duration.map_or_else(|| "–".to_owned(), human_duration)}
                    </td>
                    <td class="one-line fit" data-label="Accepted">
                        <TimeTag t=d.created_at now=NOW short=true />
                    </td>
                    <td class="fit card-hide">
                        {matches!(d.state, DeliveryState::Retrying | DeliveryState::Exhausted | DeliveryState::Cancelled)
                            .then(|| {
                                view! {
                                    <a
                                        class="button icon-only"
                                        href="?page=delivery"
                                        title="Retry"
                                        aria-label=format!("Retry {}", d.id)
                                    >
                                        <Icon name="retry" />
                                    </a>
                                }
                            })}
                    </td>
                </tr>
            }
        })
        .collect_view();

    view! {
        <WebhookHead />
        <Stats>
            <Stat term="Success, 24 h" note="1,482 of 1,494">
                "99.2 %"
            </Stat>
            <Stat term="Typical latency" note="p95 310 ms">
                "84 ms"
            </Stat>
            <Stat term="Waiting" tone=Tone::Warning note="oldest 41 min">
                "3"
            </Stat>
            <Stat term="Exhausted, 24 h" tone=Tone::Danger>
                "2"
            </Stat>
            <Stat term="Next retry" note="09:42:00 UTC">
                "in 12 min"
            </Stat>
        </Stats>
        <Tabs label="CTMS enrolment feed" tabs=tabs("Deliveries") />
        <FilterBar
            action="?page=deliveries"
            label="Filter deliveries"
            active=true
            more=Some(
                Box::new(move || {
                    view! {
                        <Select label="Failure" name="failure" options=failures />
                        <Select label="HTTP answer" name="class" options=classes />
                        <TextInput label="Attempts at least" name="min_attempts" kind="number" min="1" />
                        <TextInput label="From (UTC)" name="from" kind="datetime-local" />
                        <TextInput label="Before (UTC)" name="to" kind="datetime-local" />
                    }
                        .into_any()
                }),
            )
        >
            <TextInput label="Id or subject" name="q" kind="search" placeholder="dlv_…, evt_…, SUBJ-0001" />
            <Select label="State" name="state" options=states />
            <Select label="Event" name="event_type" options=events />
            <Select label="Mode" name="mode" options=vec![Choice::new("", "Any"), Choice::new("live", "Live"), Choice::new("test", "Test")] value="live" />
        </FilterBar>
        <TableRegion label="Deliveries">
            <table class="data cards">
                <thead>
                    <tr>
                        <th scope="col">"State"</th>
                        <th scope="col">"Event"</th>
                        <th scope="col">"Subject"</th>
                        <th scope="col">"Delivery"</th>
                        <th scope="col">"Attempts"</th>
                        <th scope="col">"Answer"</th>
                        <th scope="col" class="number">
                            "Took"
                        </th>
                        <th scope="col">"Accepted (UTC)"</th>
                        <th scope="col">
                            <span class="visually-hidden">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </TableRegion>
        <Pager path="/styleguide" query=vec![("mode".into(), "live".into())] cursor="dlv_1" next=Some("dlv_2".to_owned()) />
    }
}
