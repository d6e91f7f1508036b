//! Schedules: the list, and one with its past runs.

use super::frame::{Console, Frame, webhook_path};
use crate::model::id::ScheduleId;
use crate::model::page::Page;
use crate::model::schedule::{RunCause, Schedule, ScheduleRun, Timing};
use crate::model::site::Site;
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::model::webhook::Webhook;
use crate::ui::{
    Badge, ConfirmForm, DataTable, Definition, DefinitionList, EmptyState, Icon, Id, NavKey, PageHead, Pager, Panel, TimeTag, Tone,
};
use leptos::prelude::*;

/// The path of a study's schedules.
pub fn schedules_path(study: &Study) -> String {
    format!("/s/{}/schedules", study.slug)
}

/// The path of a schedule's pages.
pub fn schedule_path(study: &Study, id: &ScheduleId) -> String {
    format!("{}/{id}", schedules_path(study))
}

#[component]
fn ActiveBadge(active: bool, #[prop(optional)] archived: bool) -> impl IntoView {
    match (archived, active) {
        (true, _) => view! { <Badge label="Archived" /> },
        (_, true) => view! { <Badge tone=Tone::Success label="Active" /> },
        (_, false) => view! { <Badge label="Inactive" /> },
    }
}

/// A schedule in the list.
#[derive(Debug, Clone)]
pub struct ScheduleRow {
    /// The schedule.
    pub schedule: Schedule,
    /// Names of the webhooks that it calls.
    pub webhooks: Vec<String>,
    /// Its last run.
    pub last: Option<ScheduleRun>,
}

/// The schedules of a study.
#[component]
pub fn SchedulesPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The schedules.
    schedules: Vec<ScheduleRow>,
) -> impl IntoView {
    let now = frame.now;
    let path = schedules_path(&study);
    let new = format!("{path}/new");
    let first = new.clone();
    let body = if schedules.is_empty() {
        view! {
            <EmptyState icon="calendar" title="No schedules yet">
                <p>
                    "A schedule runs at set times, or some time after enrolment. Each run tells the webhooks that you add to it about every participant,
                    once each."
                </p>
                <p><a class="button primary" href=first>"Add a schedule"</a></p>
            </EmptyState>
        }
        .into_any()
    } else {
        let rows = schedules.into_iter().map(|s| row(s, &study, now)).collect_view();
        view! {
            <Panel title="Schedules" flush=true>
                <DataTable label="Schedules" columns=&["Schedule", "State", "When", "Webhooks", "Next run", "Last run"]>{rows}</DataTable>
            </Panel>
        }
        .into_any()
    };
    view! {
        <Console frame=frame nav=NavKey::Schedules>
            <PageHead title="Schedules" lead="When webhooks are called for each participant by the clock.">
                <a class="button primary" href=new><Icon name="plus" />"Add a schedule"</a>
            </PageHead>
            {body}
        </Console>
    }
}

/// When it runs next. One that waits for enrolments looks every minute: that says nothing to anybody.
fn next_run(schedule: &Schedule, now: Timestamp) -> AnyView {
    match (&schedule.timing, schedule.next_run_at) {
        (_, None) => view! { <span class="muted">"Not by itself"</span> }.into_any(),
        (Timing::AfterEnrolment { .. }, Some(_)) => "As participants come".into_any(),
        (_, Some(at)) => view! { <TimeTag t=at now=now /> }.into_any(),
    }
}

fn row(row: ScheduleRow, study: &Study, now: Timestamp) -> impl IntoView + use<> {
    let ScheduleRow { schedule, webhooks, last } = row;
    let last = match last {
        Some(run) => view! { <TimeTag t=run.started_at now=now /> }.into_any(),
        None => view! { <span class="muted">"Never"</span> }.into_any(),
    };
    view! {
        <tr>
            <td><a class="row-link" href=schedule_path(study, &schedule.id)>{schedule.name.clone()}</a></td>
            <td class="card-corner"><ActiveBadge active=schedule.active /></td>
            <td data-label="When">{schedule.timing.say()}</td>
            <td data-label="Webhooks">{webhooks.join(", ")}</td>
            <td class="nowrap" data-label="Next run">{next_run(&schedule, now)}</td>
            <td class="nowrap" data-label="Last run">{last}</td>
        </tr>
    }
}

/// One schedule.
#[component]
pub fn SchedulePage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The schedule.
    schedule: Schedule,
    /// The webhooks that it calls.
    webhooks: Vec<Webhook>,
    /// The sites that it is for; none: all.
    sites: Vec<Site>,
    /// The runs' cursor; empty on the first page.
    cursor: String,
    /// Its runs.
    runs: Page<ScheduleRun>,
) -> impl IntoView {
    let now = frame.now;
    let path = schedule_path(&study, &schedule.id);
    let crumbs = vec![("Schedules".to_owned(), Some(schedules_path(&study))), (schedule.name.clone(), None)];
    let (active, archived) = (schedule.active, schedule.archived_at.is_some());
    let (run, edit, archive) = (format!("{path}/run"), format!("{path}/edit"), format!("{path}/archive"));
    let actions = (!archived).then(|| {
        view! {
            <form method="post" action=run>
                <button class="button primary" type="submit"><Icon name="play" />"Run now"</button>
            </form>
            <a class="button" href=edit><Icon name="edit" />"Edit"</a>
            <ConfirmForm id="archive" action=archive label="Archive" submit="Archive it" icon="archive" danger=true reason=false end=true>
                <p>"It runs no more, and cannot be changed any more. Its past runs stay readable."</p>
            </ConfirmForm>
        }
    });
    let links = webhooks
        .iter()
        .map(|w| view! { <li><a href=webhook_path(&study, &w.id)>{w.settings.name.clone()}</a>" "<span class="muted">{w.host()}</span></li> })
        .collect_view();
    let for_sites = if schedule.sites.is_empty() {
        "Participants of all sites".to_owned()
    } else {
        sites.iter().map(|s| s.name.clone()).collect::<Vec<_>>().join(", ")
    };
    let next = next_run(&schedule, now);
    view! {
        <Console frame=frame nav=NavKey::Schedules crumbs=crumbs>
            <PageHead title=schedule.name.clone() badges=move || view! { <ActiveBadge active=active archived=archived /> }>{actions}</PageHead>
            <div class="stack">
                <Panel title="About it">
                    <DefinitionList>
                        <Definition term="When">{schedule.timing.say()}</Definition>
                        <Definition term="Next run">{next}</Definition>
                        <Definition term="For">{for_sites}</Definition>
                        <Definition term="Webhooks to call"><ul>{links}</ul></Definition>
                        <Definition term="Id"><Id value=schedule.id.to_string() whole=true /></Definition>
                    </DefinitionList>
                </Panel>
                <Panel title="Past runs" flush=true>{past_runs(&path, runs, cursor, now)}</Panel>
            </div>
        </Console>
    }
}

fn past_runs(path: &str, runs: Page<ScheduleRun>, cursor: String, now: Timestamp) -> AnyView {
    if runs.items.is_empty() {
        return view! {
            <EmptyState icon="clock" title="It has not run yet">
                <p>"Each run stands here with what set it off, and for how many participants."</p>
            </EmptyState>
        }
        .into_any();
    }
    let rows = runs.items.into_iter().map(|run| run_row(run, now)).collect_view();
    view! {
        <DataTable label="Past runs" columns=&["Began", "Why", "Was due", "Participants", "State"]>{rows}</DataTable>
        <Pager path=path.to_owned() cursor=cursor next=runs.next />
    }
    .into_any()
}

fn run_row(run: ScheduleRun, now: Timestamp) -> impl IntoView {
    let cause = match (run.cause, run.missed) {
        (RunCause::Late, 0) => view! { <Badge tone=Tone::Warning label="Late" /> }.into_any(),
        (RunCause::Late, missed) => {
            let more = if missed == 1 { "1 more was missed".to_owned() } else { format!("{missed} more were missed") };
            view! { <Badge tone=Tone::Warning label="Late" /> " " <span class="small muted">{more}</span> }.into_any()
        }
        (RunCause::Manual, _) => {
            let by = run.requested_by.map(|name| format!(", {name}")).unwrap_or_default();
            view! { {run.cause.label()}{by} }.into_any()
        }
        (RunCause::Due, _) => run.cause.label().into_any(),
    };
    let state = match run.finished_at {
        Some(_) => view! { <Badge tone=Tone::Success label="Done" /> },
        None => view! { <Badge tone=Tone::Info label=format!("Under way, {} so far", run.participants) /> },
    };
    view! {
        <tr>
            <td><TimeTag t=run.started_at now=now /></td>
            <td data-label="Why">{cause}</td>
            <td class="nowrap" data-label="Was due"><TimeTag t=run.due_at /></td>
            <td data-label="Participants">{run.participants}</td>
            <td class="card-corner">{state}</td>
        </tr>
    }
}
