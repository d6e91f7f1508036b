//! A webhook's replays: which deliveries, how many those are, how fast and why; and those of the past.

use super::delivery_choices::{classes, event_types, failures, local, modes, pairs, states};
use super::frame::{Frame, webhook_path};
use super::webhook::{About, WebhookFrame, WebhookTab};
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::replay::{DryRun, RATE_MAX, Replay, ReplayDraft};
use crate::model::time::Timestamp;
use crate::ui::{
    Banner, Choice, DataTable, Definition, DefinitionList, EmptyState, ErrorSummary, Icon, Panel, ReplayBadge, Select, StateBadge,
    TextArea, TextInput, TimeTag, Tone,
};
use leptos::prelude::*;

/// The page.
#[component]
pub fn ReplayPage(
    /// Who and where.
    frame: Frame,
    /// What it is about.
    about: About,
    /// What is asked for so far.
    draft: ReplayDraft,
    /// What is wrong with that.
    errors: FieldErrors,
    /// What it would be of, once that was counted.
    dry_run: Option<DryRun>,
    /// The latest replays.
    past: Vec<Replay>,
) -> impl IntoView {
    let now = frame.now;
    let path = format!("{}/replay", webhook_path(&about.study, &about.webhook.id));
    let test_only = !frame.may(Action::Retry { test: false });
    let form = (frame.may(Action::Retry { test: true }) && about.webhook.archived_at.is_none()).then(|| {
        let start = dry_run.map(|found| step_two(&path, &draft, &errors, &found, now));
        view! {
            {step_one(&path, &draft, &errors, test_only)}
            {start}
        }
    });
    view! {
        <WebhookFrame frame=frame about=about tab=WebhookTab::Replay>
            <ErrorSummary errors=errors title="The replay cannot be begun as it is." />
            {form}
            <Panel title="Past replays" flush=true>{history(&path, &past, now)}</Panel>
        </WebhookFrame>
    }
}

/// Range and filter, with the button that counts.
fn step_one(path: &str, draft: &ReplayDraft, errors: &FieldErrors, test_only: bool) -> impl IntoView + use<> {
    let (action, q) = (path.to_owned(), draft.query.clone());
    let wrong = |name: &str| errors.of(name).map(str::to_owned);
    let modes = if test_only { vec![Choice::new("test", "Test")] } else { modes() };
    let limits = test_only.then(|| view! { <p class="hint">"Your role replays test deliveries alone."</p> });
    let (attempts_wrong, from_wrong, to_wrong) = (wrong("min_attempts"), wrong("from"), wrong("to"));
    view! {
        <Panel title="1. Which deliveries">
            <form class="stack" method="get" action=action>
                <input type="hidden" name="count" value="true" />
                <div class="filters-row">
                    <TextInput label="Accepted from (UTC)" name="from" kind="datetime-local" value=local(&q.from) error=from_wrong />
                    <TextInput label="Accepted before (UTC)" name="to" kind="datetime-local" value=local(&q.to) error=to_wrong />
                    <Select label="State" name="state" options=states() value=q.state />
                    <Select label="Event" name="event_type" options=event_types() value=q.event_type />
                    <Select label="Answer" name="class" options=classes() value=q.class />
                    <Select label="Failure" name="failure" options=failures() value=q.failure />
                    <TextInput
                        label="Attempts at least"
                        name="min_attempts"
                        value=q.min_attempts
                        inputmode="numeric"
                        short=true
                        error=attempts_wrong
                    />
                    <Select label="Mode" name="mode" options=modes value=q.mode />
                    <TextInput label="Id or subject" name="q" value=q.q mono=true maxlength=200 />
                </div>
                {limits}
                <div class="toolbar">
                    <button class="button" type="submit">
                        <Icon name="filter" />
                        "Count them"
                    </button>
                </div>
            </form>
        </Panel>
    }
}

/// What was counted, and the form that begins.
fn step_two(path: &str, draft: &ReplayDraft, errors: &FieldErrors, found: &DryRun, now: Timestamp) -> impl IntoView + use<> {
    let time = move |t: Option<Timestamp>| match t {
        Some(t) => view! { <TimeTag t=t now=now /> }.into_any(),
        None => view! { <span class="muted">"–"</span> }.into_any(),
    };
    let title = match found.ready() {
        1 => "2. One delivery would be replayed".to_owned(),
        n => format!("2. {n} deliveries would be replayed"),
    };
    let types: Vec<_> = found.by_type.iter().map(|(t, n)| view! { <li><code>{t.name()}</code> " " {*n}</li> }).collect();
    let by_state: Vec<_> = found.by_state.iter().map(|(s, n)| view! { <li><StateBadge state=*s /> " " {*n}</li> }).collect();
    let left_alone = (found.on_their_way > 0).then(|| {
        let n = found.on_their_way;
        view! { <Definition term="Left alone">{n} " on their way already"</Definition> }
    });
    let (oldest, newest) = (found.oldest, found.newest);
    let counts = (found.total > 0).then(|| {
        view! {
            <DefinitionList>
                <Definition term="Oldest">{time(oldest)}</Definition>
                <Definition term="Newest">{time(newest)}</Definition>
                <Definition term="By event"><ul class="counts">{types}</ul></Definition>
                <Definition term="By state"><ul class="counts">{by_state}</ul></Definition>
                {left_alone}
            </DefinitionList>
        }
    });
    let hidden: Vec<_> =
        pairs(&draft.query).into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect();
    let (rate_wrong, reason_wrong) = (errors.of("rate").map(str::to_owned), errors.of("reason").map(str::to_owned));
    let ReplayDraft { rate, reason, .. } = draft.clone();
    let action = path.to_owned();
    let form = (found.ready() > 0).then(|| {
        view! {
            <form class="stack" method="post" action=action>
                {hidden}
                <TextInput
                    label="Rate"
                    name="rate"
                    value=rate
                    inputmode="numeric"
                    short=true
                    optional=true
                    suffix="a second"
                    hint=format!("1 to {RATE_MAX}. Left empty, they go as fast as the webhook’s own limits allow.")
                    error=rate_wrong
                />
                <TextArea label="Reason" name="reason" value=reason rows=2 required=true hint="Kept in the audit trail." error=reason_wrong />
                <div class="toolbar">
                    <button class="button primary" type="submit">
                        <Icon name="retry" />
                        "Start the replay"
                    </button>
                </div>
            </form>
        }
    });
    let about = if found.ready() > 0 {
        view! { <p>"The same bytes are sent again under the same ids, with the retry schedule from its start."</p> }.into_any()
    } else {
        view! { <Banner tone=Tone::Info title="Nothing would be replayed"><p>"No delivery is like that, or all are on their way."</p></Banner> }.into_any()
    };
    view! {
        <Panel title=title id="dry-run">
            <div class="stack">
                {about}
                {counts}
                {form}
            </div>
        </Panel>
    }
}

fn history(path: &str, past: &[Replay], now: Timestamp) -> AnyView {
    if past.is_empty() {
        return view! { <EmptyState icon="retry" title="Nothing was replayed yet"><p>"Replays stay listed here."</p></EmptyState> }
            .into_any();
    }
    let rows = past
        .iter()
        .map(|r| {
            view! {
                <tr>
                    <td data-label="Began" class="one-line fit">
                        <a href=format!("{path}/{}", r.id)><TimeTag t=r.created_at now=now short=true /></a>
                    </td>
                    <td data-label="State" class="nowrap"><ReplayBadge state=r.state /></td>
                    <td data-label="Made due" class="number">{r.made_due} " of " {r.planned}</td>
                    <td data-label="By" class="name">{r.requested_by.clone()}</td>
                    <td data-label="Reason">{r.reason.clone()}</td>
                </tr>
            }
        })
        .collect_view();
    view! { <DataTable label="Past replays" columns=&["Began (UTC)", "State", "Made due", "By", "Reason"]>{rows}</DataTable> }.into_any()
}
