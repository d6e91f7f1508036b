//! A webhook's history: filters in the address, newest first, live.

use super::delivery_choices::{classes, event_types, failures, local, modes, pairs, states};
use super::frame::{Frame, webhook_path};
use super::webhook::{About, WebhookFrame, WebhookTab};
use crate::islands::LiveRegion;
use crate::model::delivery::{Delivery, DeliveryQuery, FailureKind};
use crate::model::page::Page;
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::time::{Timestamp, human_duration};
use crate::ui::{
    AttemptDots, Badge, DataTable, EmptyState, ErrorSummary, FailureBadge, FilterBar, HttpStatus, Icon, Id, Pager, Panel, Select,
    StateBadge, TextInput, TimeTag, Tone, address, ago,
};
use leptos::prelude::*;

/// The page.
#[component]
pub fn DeliveriesPage(
    /// Who and where.
    frame: Frame,
    /// What it is about.
    about: About,
    /// What is looked for.
    query: DeliveryQuery,
    /// What is wrong with that.
    errors: FieldErrors,
    /// What was found.
    page: Page<Delivery>,
) -> impl IntoView {
    let now = frame.now;
    let path = format!("{}/deliveries", webhook_path(&about.study, &about.webhook.id));
    let study_path = format!("/s/{}", about.study.slug);
    let first = query.cursor.is_empty();
    let live = first.then(|| {
        view! { <LiveRegion events_url=format!("{path}/live") target_id="deliveries".to_owned() /> }
    });
    // Also while there is nothing yet: rows come in without the page being loaded again.
    let replay = (errors.is_empty() && about.webhook.archived_at.is_none() && frame.may(Action::Retry { test: true })).then(|| {
        let mut query = pairs(&query);
        query.push(("count".to_owned(), "true".to_owned()));
        let href = address(&format!("{}/replay", webhook_path(&about.study, &about.webhook.id)), &query);
        view! { <a class="button small" href=href><Icon name="retry" /> "Replay these"</a> }
    });
    let rows = page.items.iter().map(|d| row(d, &study_path, now)).collect_view();
    let table = if page.items.is_empty() {
        let (title, text) = if query.is_filtered() {
            ("Nothing is like that", "Take a filter away, or clear them all.")
        } else {
            ("Nothing was sent yet", "Send a sample from the Test tab, or publish an event once the webhook is Live.")
        };
        view! { <EmptyState icon="inbox" title=title><p>{text}</p></EmptyState> }.into_any()
    } else {
        view! {
            <DataTable label="Deliveries" columns=&["Accepted (UTC)", "Delivery", "Event", "Subject", "State", "Attempts", "Answer", "Took", "Next"]>{rows}</DataTable>
        }
        .into_any()
    };
    view! {
        <WebhookFrame frame=frame about=about tab=WebhookTab::Deliveries>
            <ErrorSummary errors=errors title="The filter cannot be used as it is." />
            {filters(&path, &query)}
            <Panel title="Deliveries" flush=true actions=move || view! { {live} {replay} }>
                <div id="deliveries">
                    {table}
                    <Pager path=path query=pairs(&query) cursor=query.cursor.clone() next=page.next />
                </div>
            </Panel>
        </WebhookFrame>
    }
}

fn filters(path: &str, q: &DeliveryQuery) -> impl IntoView + use<> {
    let more_open = [&q.failure, &q.min_attempts, &q.from, &q.to, &q.mode].iter().any(|v| !v.is_empty());
    let q = q.clone();
    let more: Children = {
        let q = q.clone();
        Box::new(move || {
            view! {
                <Select label="Failure" name="failure" options=failures() value=q.failure />
                <Select label="Mode" name="mode" options=modes() value=q.mode />
                <TextInput label="Attempts at least" name="min_attempts" value=q.min_attempts inputmode="numeric" short=true />
                <TextInput label="From (UTC)" name="from" kind="datetime-local" value=local(&q.from) />
                <TextInput label="To (UTC)" name="to" kind="datetime-local" value=local(&q.to) />
            }
            .into_any()
        })
    };
    view! {
        <FilterBar action=path.to_owned() active=q.is_filtered() label="Filter deliveries" more=Some(more) more_open=more_open>
            <TextInput label="Id or subject" name="q" value=q.q.clone() mono=true maxlength=200 />
            <Select label="State" name="state" options=states() value=q.state.clone() />
            <Select label="Event" name="event_type" options=event_types() value=q.event_type.clone() />
            <Select label="Answer" name="class" options=classes() value=q.class.clone() />
        </FilterBar>
    }
}

fn row(d: &Delivery, study_path: &str, now: Timestamp) -> impl IntoView + use<> {
    let link = format!("{study_path}/deliveries/{}", d.id);
    let failure = d.last_failure.filter(|k| *k != FailureKind::HttpStatus).map(|kind| view! { <FailureBadge kind=kind /> });
    let answer = match (d.last_status, d.attempts) {
        (Some(status), _) => view! { <HttpStatus status=Some(status) /> }.into_any(),
        (None, 0) => view! { <span class="muted">"–"</span> }.into_any(),
        (None, _) => ().into_any(),
    };
    let next = match d.next_attempt_at {
        Some(at) if at > now => view! { <time datetime=at.rfc3339() title=at.human()>{ago(at, now)}</time> }.into_any(),
        Some(_) => view! { <span class="muted">"Due"</span> }.into_any(),
        None => view! { <span class="muted">"–"</span> }.into_any(),
    };
    let test = d.is_test.then(|| view! { " " <Badge tone=Tone::Info label="Test" /> });
    view! {
        <tr id=d.id.to_string()>
            <td data-label="Accepted" class="one-line fit"><TimeTag t=d.created_at now=now short=true /></td>
            <td data-label="Delivery"><a href=link><Id value=d.id.to_string() /></a></td>
            <td data-label="Event"><span><code>{d.event_type.name()}</code>{test}</span></td>
            <td data-label="Subject" class="name">{d.subject.clone().unwrap_or_default()}</td>
            <td data-label="State" class="nowrap"><StateBadge state=d.state /></td>
            <td data-label="Attempts"><AttemptDots attempts=d.attempts state=d.state /></td>
            <td data-label="Answer"><span>{answer} " " {failure}</span></td>
            <td data-label="Took" class="nowrap">{d.last_duration.map(human_duration).unwrap_or_default()}</td>
            <td data-label="Next attempt">{next}</td>
        </tr>
    }
}
