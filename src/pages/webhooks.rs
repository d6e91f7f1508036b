//! The list of a study's webhooks, and the locked page of a study whose Integrations are off.

use super::frame::{Console, Frame, integrations_path, webhook_path};
use crate::model::permission::Action;
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::model::webhook::{Webhook, WebhookStats};
use crate::ui::{
    Badge, Chips, ConfirmForm, DataTable, EmptyState, Icon, ModeBadge, NavKey, PageHead, Panel, Sparkline, StatusPill, TimeTag, Tone,
};
use leptos::prelude::*;

fn switch(study: &Study, enabled: bool, error: Option<String>) -> impl IntoView + use<> {
    let action = format!("{}/switch", integrations_path(study));
    let (label, submit, text) = if enabled {
        (
            "Disable Integrations",
            "Disable",
            "Nothing is delivered any more, and nothing is accepted, until Integrations are enabled again. What was accepted waits.",
        )
    } else {
        ("Enable Integrations", "Enable", "The study’s administrators can set webhooks up at once.")
    };
    let hidden = vec![("enabled".to_owned(), (!enabled).to_string())];
    view! {
        <ConfirmForm id="switch" action=action label=label submit=submit hidden=hidden danger=enabled error=error end=enabled>
            <p>{text}</p>
        </ConfirmForm>
    }
}

/// The page of a study whose Integrations are not enabled.
#[component]
pub fn LockedPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// What was wrong with the reason.
    error: Option<String>,
) -> impl IntoView {
    let may = frame.may(Action::SwitchIntegrations);
    let body = if may {
        view! {
            <p>"You are an implementation manager of this study: you can enable the integration. It takes effect at once."</p>
            {switch(&study, false, error)}
        }
        .into_any()
    } else {
        view! {
            <p>"Please ask your implementation manager to enable the integration for you. Once it is enabled, webhooks are set up here."</p>
            <p class="muted">"Until then no webhook can be added, and nothing is delivered."</p>
        }
        .into_any()
    };
    view! {
        <Console frame=frame nav=NavKey::Integrations>
            <PageHead title="Integrations" badges=|| view! { <Badge tone=Tone::Neutral label="Not enabled" /> } />
            <EmptyState icon="lock" title="Integrations are not enabled for this study">
                {body}
            </EmptyState>
        </Console>
    }
}

/// The webhooks of a study.
#[component]
pub fn WebhooksPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The webhooks that the filter leaves, with what they have been doing.
    webhooks: Vec<(Webhook, WebhookStats)>,
    /// How many there are without the filter.
    total: usize,
    /// `active`, `inactive`, `disabled`, `archived`, or empty.
    state: String,
    /// `test`, `live`, or empty.
    mode: String,
    /// What was wrong with the switch's reason.
    error: Option<String>,
) -> impl IntoView {
    let now = frame.now;
    let path = integrations_path(&study);
    let add = frame.may(Action::ManageWebhook).then(|| {
        view! {
            <a class="button primary" href=format!("{path}/new")>
                <Icon name="plus" />
                "Add webhook"
            </a>
        }
    });
    let off = frame.may(Action::SwitchIntegrations).then(|| switch(&study, true, error));
    let filtered = !state.is_empty() || !mode.is_empty();
    let filters = (total > 0 || filtered).then(|| filter_links(&path, &state, &mode));
    let may_add = frame.may(Action::ManageWebhook);
    let body = if webhooks.is_empty() && filtered {
        view! {
            <EmptyState icon="filter" title="No webhook is like that">
                <p><a href=path.clone()>"Show them all"</a></p>
            </EmptyState>
        }
        .into_any()
    } else if webhooks.is_empty() {
        empty(&path, may_add).into_any()
    } else {
        let rows = webhooks.into_iter().map(|(w, stats)| row(&study, w, &stats, now)).collect_view();
        view! {
            <Panel title="Webhooks" flush=true>
                <DataTable label="Webhooks" columns=&["Webhook", "Status", "Mode", "Events", "Last 24 hours", "Success", "Last attempt"]>{rows}</DataTable>
            </Panel>
        }
        .into_any()
    };
    view! {
        <Console frame=frame nav=NavKey::Integrations>
            <PageHead title="Integrations" lead="Webhooks tell other systems what happens in this study, as it happens.">
                {off}
                {add}
            </PageHead>
            {filters}
            {body}
        </Console>
    }
}

fn filter_links(path: &str, state: &str, mode: &str) -> impl IntoView + use<> {
    let link = |label: &'static str, s: &str, m: &str| {
        let query = [("state".to_owned(), s.to_owned()), ("mode".to_owned(), m.to_owned())];
        let current = (s == state && m == mode).then_some("page");
        let href = crate::ui::address(path, &query);
        view! { <li><a class="chip" href=href aria-current=current>{label}</a></li> }
    };
    view! {
        <nav aria-label="Filter">
            <ul class="chips filter-links">
                {link("All", "", "")}
                {link("Active", "active", "")}
                {link("Inactive", "inactive", "")}
                {link("Disabled", "disabled", "")}
                {link("Test", "", "test")}
                {link("Live", "", "live")}
                {link("Archived", "archived", "")}
            </ul>
        </nav>
    }
}

fn empty(path: &str, may_add: bool) -> impl IntoView + use<> {
    let add = may_add.then(|| view! { <p><a class="button primary" href=format!("{path}/new")>"Add webhook"</a></p> });
    view! {
        <EmptyState title="No webhooks yet">
            <p>
                "A webhook is an address of another system. When something happens here, a participant is created, say, or a form completed,
                Hookwell sends it a signed message, and tries again until it arrives."
            </p>
            {add}
            <p class="muted">
                "No receiver yet? Try with a local one: "<code>"hookwell listen"</code>" prints what arrives and whether its signature is right."
            </p>
        </EmptyState>
    }
}

fn row(study: &Study, webhook: Webhook, stats: &WebhookStats, now: Timestamp) -> impl IntoView + use<> {
    let host = webhook.host();
    let success = stats.success_permille().map_or_else(|| "–".to_owned(), |p| format!("{}.{} %", p / 10, p % 10));
    let last = match stats.last_attempt_at {
        Some(at) => view! { <TimeTag t=at now=now short=true /> }.into_any(),
        None => view! { <span class="muted">"None yet"</span> }.into_any(),
    };
    let spark = if stats.hours.is_empty() {
        view! { <span class="muted">"Quiet"</span> }.into_any()
    } else {
        view! { <Sparkline buckets=stats.hours.clone() /> }.into_any()
    };
    let archived = webhook.archived_at.map(|at| view! { " " <Badge tone=Tone::Neutral label="Archived" title=at.human() /> });
    view! {
        <tr>
            <td>
                <a class="row-link" href=webhook_path(study, &webhook.id)>{webhook.settings.name.clone()}</a>
                {archived}
                <span class="sub">{host}</span>
            </td>
            <td class="card-corner"><StatusPill status=webhook.status cause=webhook.disabled_cause.clone() /></td>
            <td data-label="Mode"><ModeBadge mode=webhook.mode /></td>
            <td data-label="Events"><Chips events=webhook.settings.events.clone() /></td>
            <td data-label="Last 24 hours">{spark}</td>
            <td data-label="Success">{success}</td>
            <td class="nowrap" data-label="Last attempt">{last}</td>
        </tr>
    }
}
