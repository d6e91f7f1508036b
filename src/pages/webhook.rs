//! A webhook: the strip and tabs above each of its pages, its overview, and the history of its changes.

use super::frame::{Console, Frame, integrations_path, webhook_path};
use crate::model::audit::AuditEntry;
use crate::model::payload_variant::PayloadVariant;
use crate::model::permission::Action;
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::model::webhook::{Webhook, WebhookMode, WebhookSettings, WebhookStats, WebhookStatus};
use crate::ui::{
    Badge, Banner, Chips, CodeBlock, ConfirmForm, DataTable, Definition, DefinitionList, EmptyState, Icon, Id, ModeBadge, NavKey, PageHead,
    Panel, Sparkline, Stat, Stats, StatusPill, Tab, Tabs, TimeTag, Tone,
};
use leptos::prelude::*;

/// Which of a webhook's pages it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookTab {
    /// How it is doing, and how it is set up.
    Overview,
    /// Its history.
    Deliveries,
    /// Its replays.
    Replay,
    /// Send sample.
    Test,
    /// Its secret.
    Secret,
    /// Its form.
    Edit,
    /// Who changed what.
    Changes,
}

/// What every page of a webhook is about.
#[derive(Clone)]
pub struct About {
    /// The study.
    pub study: Study,
    /// The webhook.
    pub webhook: Webhook,
    /// What it has been doing.
    pub stats: WebhookStats,
    /// Since when Hookwell has it switched off.
    pub disabled_at: Option<Timestamp>,
}

/// The frame of a webhook's pages: title, strip, banner, tabs.
#[component]
pub fn WebhookFrame(
    /// Who and where.
    frame: Frame,
    /// What it is about.
    about: About,
    /// Which page it is.
    tab: WebhookTab,
    /// What was wrong with the reason of an action in the head: its name and the message.
    #[prop(default = None)]
    error: Option<(&'static str, String)>,
    /// The page.
    children: Children,
) -> impl IntoView {
    let About { study, webhook, stats, disabled_at } = about;
    let path = webhook_path(&study, &webhook.id);
    let now = frame.now;
    let crumbs = vec![
        ("Integrations".to_owned(), Some(integrations_path(&study))),
        (webhook.settings.name.clone(), (tab != WebhookTab::Overview).then(|| path.clone())),
    ];
    let crumbs = match tab_name(tab) {
        Some(name) => [crumbs, vec![(name.to_owned(), None)]].concat(),
        None => crumbs,
    };
    let may_manage = frame.may(Action::ManageWebhook) && webhook.archived_at.is_none();
    let may_read_audit = frame.may(Action::ReadAudit);
    let actions = may_manage.then(|| actions(&webhook, &path, frame.may(Action::GoLive), error));
    let archived = webhook.archived_at.map(|at| {
        view! {
            <Banner tone=Tone::Info title="This webhook is archived">
                <p>"Nothing is sent to it since " <TimeTag t=at now=now /> ". Its history stays."</p>
            </Banner>
        }
    });
    let disabled = (webhook.status == WebhookStatus::Disabled && webhook.archived_at.is_none()).then(|| {
        let cause = webhook.disabled_cause.clone().unwrap_or_default();
        let replay = frame.may(Action::Retry { test: false }).then(|| {
            let href = format!("{path}/replay?state=failed&mode=live&count=true");
            view! { <p>"What failed does not go out by itself: "<a href=href>"replay what failed"</a>", once the webhook is active."</p> }
        });
        let reenable = may_manage.then(|| view! { <div class="toolbar">{status_form(&path, "Re-enable", "play", true)}</div> });
        view! {
            <Banner tone=Tone::Danger title="Hookwell switched this webhook off">
                <p>{cause} {disabled_at.map(|at| view! { " It is off since " <TimeTag t=at now=now /> "." })}</p>
                <p>
                    "What was accepted before waits, and goes out when the webhook is active again. Events that happen meanwhile are not sent to it;
                    each event’s page says so."
                </p>
                {replay}
                {reenable}
            </Banner>
        }
    });
    let at = |t: WebhookTab, label: &str, tail: &str| Tab::new(label, format!("{path}{tail}"), t == tab);
    let mut tabs = vec![at(WebhookTab::Overview, "Overview", ""), at(WebhookTab::Deliveries, "Deliveries", "/deliveries")];
    tabs.push(at(WebhookTab::Replay, "Replay", "/replay"));
    tabs.push(at(WebhookTab::Test, "Test", "/test"));
    if frame.may(Action::ManageCredentials) {
        tabs.push(at(WebhookTab::Secret, "Secret", "/secret"));
    }
    if may_manage {
        tabs.push(at(WebhookTab::Edit, "Settings", "/edit"));
    }
    if may_read_audit {
        tabs.push(at(WebhookTab::Changes, "Changes", "/changes"));
    }
    let (status, mode, cause) = (webhook.status, webhook.mode, webhook.disabled_cause.clone());
    let url = webhook.settings.url.clone();
    view! {
        <Console frame=frame nav=NavKey::Integrations crumbs=crumbs>
            <PageHead
                title=webhook.settings.name.clone()
                badges=move || view! { <StatusPill status=status cause=cause /> " " <ModeBadge mode=mode /> }
                lead=move || view! { <span class="mono">{url}</span> }
            >
                {actions}
            </PageHead>
            {archived}
            {disabled}
            {strip(&stats, now)}
            <Tabs label="Webhook" tabs=tabs />
            <div class="stack">{children()}</div>
        </Console>
    }
}

fn tab_name(tab: WebhookTab) -> Option<&'static str> {
    match tab {
        WebhookTab::Overview => None,
        WebhookTab::Deliveries => Some("Deliveries"),
        WebhookTab::Replay => Some("Replay"),
        WebhookTab::Test => Some("Test"),
        WebhookTab::Secret => Some("Secret"),
        WebhookTab::Edit => Some("Settings"),
        WebhookTab::Changes => Some("Changes"),
    }
}

fn strip(stats: &WebhookStats, now: crate::model::time::Timestamp) -> impl IntoView + use<> {
    let success = stats.success_permille().map_or_else(|| "–".to_owned(), |p| format!("{}.{} %", p / 10, p % 10));
    let tone = match stats.success_permille() {
        Some(p) if p < 900 => Tone::Danger,
        Some(p) if p < 990 => Tone::Warning,
        Some(_) => Tone::Success,
        None => Tone::Neutral,
    };
    let waiting = if stats.waiting > 1000 { "1,000+".to_owned() } else { stats.waiting.to_string() };
    let time = move |t: Option<crate::model::time::Timestamp>| match t {
        Some(t) => view! { <TimeTag t=t now=now short=true /> }.into_any(),
        None => view! { <span class="muted">"–"</span> }.into_any(),
    };
    let WebhookStats { delivered, exhausted, oldest_waiting, next_attempt_at, .. } = stats.clone();
    view! {
        <Stats>
            <Stat term="Success, 24 h" tone=tone>{success}</Stat>
            <Stat term="Delivered, 24 h">{delivered}</Stat>
            <Stat term="Exhausted, 24 h">{exhausted}</Stat>
            <Stat term="Waiting">{waiting}</Stat>
            <Stat term="Oldest waiting">{time(oldest_waiting)}</Stat>
            <Stat term="Next attempt">{time(next_attempt_at)}</Stat>
        </Stats>
    }
}

fn status_form(path: &str, label: &'static str, icon: &'static str, active: bool) -> impl IntoView + use<> {
    view! {
        <form method="post" action=format!("{path}/status")>
            <input type="hidden" name="active" value=active.to_string() />
            <button class="button" type="submit">
                <Icon name=icon />
                {label}
            </button>
        </form>
    }
}

fn actions(webhook: &Webhook, path: &str, may_go_live: bool, error: Option<(&'static str, String)>) -> impl IntoView + use<> {
    let wrong = |name: &str| error.as_ref().filter(|(n, _)| *n == name).map(|(_, message)| message.clone());
    // A disabled one is activated in the banner that says why it is off.
    let pause = match webhook.status {
        WebhookStatus::Active => Some(status_form(path, "Pause", "pause", false)),
        WebhookStatus::Inactive => Some(status_form(path, "Activate", "play", true)),
        WebhookStatus::Disabled => None,
    };
    let live = (webhook.mode == WebhookMode::Test && may_go_live).then(|| {
        if webhook.is_verified() {
            view! {
                <form method="post" action=format!("{path}/mode")>
                    <input type="hidden" name="mode" value="live" />
                    <button class="button primary" type="submit">"Go Live"</button>
                </form>
            }
            .into_any()
        } else {
            let hidden = vec![("mode".to_owned(), "live".to_owned())];
            let sample = format!("{path}/test");
            view! {
                <ConfirmForm
                    id="mode"
                    action=format!("{path}/mode")
                    label="Go Live"
                    submit="Go Live without a sample"
                    hidden=hidden
                    error=wrong("mode")
                    end=true
                >
                    <p>
                        "No sample sent with the present configuration was answered 2xx. "<a href=sample>"Send one first"</a>
                        ", or say why the webhook goes Live without."
                    </p>
                </ConfirmForm>
            }
            .into_any()
        }
    });
    let test = (webhook.mode == WebhookMode::Live).then(|| {
        view! {
            <form method="post" action=format!("{path}/mode")>
                <input type="hidden" name="mode" value="test" />
                <button class="button" type="submit">"Back to Test"</button>
            </form>
        }
    });
    view! {
        {live}
        {test}
        {pause}
        <ConfirmForm
            id="archive"
            action=format!("{path}/archive")
            label="Archive"
            submit="Archive the webhook"
            danger=true
            error=wrong("archive")
            end=true
        >
            <p>"The webhook is hidden and stopped, and what waits for it is cancelled. Its history stays readable. This cannot be undone."</p>
        </ConfirmForm>
    }
}

/// How it is doing, and how it is set up.
#[component]
pub fn OverviewPage(
    /// Who and where.
    frame: Frame,
    /// What it is about.
    about: About,
    /// What was wrong with an action's reason.
    error: Option<(&'static str, String)>,
) -> impl IntoView {
    let now = frame.now;
    let webhook = about.webhook.clone();
    let s = webhook.settings.clone();
    let spark = if about.stats.hours.is_empty() {
        view! { <p class="muted">"No attempt in the last 24 hours."</p> }.into_any()
    } else {
        view! { <Sparkline buckets=about.stats.hours.clone() /> }.into_any()
    };
    let hours = hours_table(&about.stats, now);
    let list = |items: &[String], all: &str| if items.is_empty() { all.to_owned() } else { items.join(", ") };
    let shown = &webhook.credentials;
    let mut authentication = Vec::new();
    if shown.secret_fingerprint.is_some() {
        authentication.push("signature".to_owned());
    }
    authentication.extend(shown.token_header.as_ref().map(|name| format!("token in {name}")));
    authentication.extend(shown.basic_user.as_ref().map(|user| format!("Basic as {user}")));
    if !shown.header_names.is_empty() {
        authentication.push(format!("headers {}", shown.header_names.join(", ")));
    }
    let format = format_text(&s);
    let delivery = if s.synchronous { "synchronous: the save waits for the answer" } else { "asynchronous" };
    let rate = s.rate_limit.map_or_else(|| "none".to_owned(), |n| format!("{n} a second"));
    let verified = if webhook.is_verified() {
        view! { <Badge tone=Tone::Success label="Answered 2xx with the present configuration" /> }
    } else {
        view! { <Badge tone=Tone::Warning label="None answered 2xx with the present configuration" /> }
    };
    view! {
        <WebhookFrame frame=frame about=about tab=WebhookTab::Overview error=error>
            <Panel title="Attempts, last 24 hours">
                {spark}
                {hours}
            </Panel>
            <Panel title="Set-up">
                <DefinitionList>
                    <Definition term="Events"><Chips events=s.events.clone() most=20 /></Definition>
                    <Definition term="Forms and surveys">{list(&s.filter.forms, "all")}</Definition>
                    <Definition term="Sites">{list(&s.filter.sites, "all")}</Definition>
                    <Definition term="Format">{format}</Definition>
                    <Definition term="Authentication">{list(&authentication, "none")}</Definition>
                    <Definition term="Sample">{verified}</Definition>
                    <Definition term="Delivery">{delivery}</Definition>
                    <Definition term="Timeout">{format!("{} s", s.timeout_seconds)}</Definition>
                    <Definition term="Retries after">{if s.retry_schedule.0.is_empty() { "no retries".to_owned() } else { s.retry_schedule.text() }}</Definition>
                    <Definition term="Requests at once">{s.concurrency}</Definition>
                    <Definition term="Rate limit">{rate}</Definition>
                    <Definition term="Id"><Id value=webhook.id.to_string() whole=true /></Definition>
                    <Definition term="Changed"><TimeTag t=webhook.updated_at now=now /></Definition>
                    <Definition term="Created"><TimeTag t=webhook.created_at now=now /></Definition>
                </DefinitionList>
            </Panel>
        </WebhookFrame>
    }
}

/// The format with what it is set to.
fn format_text(s: &WebhookSettings) -> String {
    let label = s.format.label();
    match s.variant() {
        PayloadVariant::Standard { content } | PayloadVariant::Survey { content, .. } => {
            format!("{label}, {}", content.label().to_lowercase())
        }
        PayloadVariant::Mydatahelps { key_case, legacy } => {
            format!("{label}, keys like {}{}", key_case.label(), if legacy { ", legacy" } else { "" })
        }
        PayloadVariant::Trialkit | PayloadVariant::Infermedica => label.to_owned(),
    }
}

fn hours_table(stats: &WebhookStats, now: crate::model::time::Timestamp) -> Option<impl IntoView + use<>> {
    use crate::model::time::{HOUR, Timestamp};
    let this = now.micros().div_euclid(HOUR);
    let count = i64::try_from(stats.hours.len()).unwrap_or_default();
    let rows: Vec<_> = (0..)
        .zip(&stats.hours)
        .filter(|(_, (ok, failed))| ok + failed > 0)
        .map(|(i, (ok, failed))| {
            let from = Timestamp((this - count + 1 + i) * HOUR);
            view! {
                <tr>
                    <td><TimeTag t=from short=true /></td>
                    <td class="number">{*ok}</td>
                    <td class="number">{*failed}</td>
                </tr>
            }
        })
        .collect();
    (!rows.is_empty()).then(|| {
        view! {
            <crate::ui::Disclosure summary="As a table">
                <DataTable label="Attempts by hour" columns=&["Hour from (UTC)", "Succeeded", "Failed"] plain=true>{rows}</DataTable>
            </crate::ui::Disclosure>
        }
    })
}

/// Who changed what, newest first.
#[component]
pub fn ChangesPage(
    /// Who and where.
    frame: Frame,
    /// What it is about.
    about: About,
    /// Its rows of the audit trail.
    entries: Vec<AuditEntry>,
) -> impl IntoView {
    let now = frame.now;
    let rows = entries
        .into_iter()
        .map(|e| {
            let changes = serde_json::to_string_pretty(&e.changes).unwrap_or_default();
            let has = e.changes.as_object().is_some_and(|c| !c.is_empty());
            let detail = has.then(|| {
                view! {
                    <crate::ui::Disclosure summary="Before and after">
                        <CodeBlock label="Each setting as [before, after]" text=changes />
                    </crate::ui::Disclosure>
                }
            });
            view! {
                <tr>
                    <td data-label="When"><TimeTag t=e.at now=now short=true /></td>
                    <td data-label="Who"><div>{e.actor_name} <span class="sub">{e.actor_role.replace('_', " ")}</span></div></td>
                    <td data-label="What"><code>{e.action}</code></td>
                    <td data-label="Why">{e.reason.unwrap_or_else(|| "–".to_owned())}</td>
                    <td data-label="Changes">{detail}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let body = if rows.is_empty() {
        view! { <EmptyState icon="clock" title="No changes that you may see"><p>"An implementation manager sees their own."</p></EmptyState> }.into_any()
    } else {
        view! {
            <Panel title="Changes" flush=true>
                <DataTable label="Changes" columns=&["When (UTC)", "Who", "What", "Why", "Changes"]>{rows}</DataTable>
            </Panel>
        }
        .into_any()
    };
    view! {
        <WebhookFrame frame=frame about=about tab=WebhookTab::Changes>
            {body}
        </WebhookFrame>
    }
}
