//! A replay: how far it is, what has become of its deliveries, and what can be done with it.

use super::frame::{Frame, webhook_path};
use super::webhook::{About, WebhookFrame, WebhookTab};
use crate::islands::LiveRegion;
use crate::model::delivery::DeliveryFilter;
use crate::model::permission::Action;
use crate::model::replay::{Outcomes, Replay, ReplayState};
use crate::model::time::Timestamp;
use crate::ui::{Banner, Definition, DefinitionList, Icon, Id, Panel, ReplayBadge, Stat, Stats, TimeTag, Tone};
use leptos::prelude::*;

/// The page.
#[component]
pub fn ReplayProgressPage(
    /// Who and where.
    frame: Frame,
    /// What it is about.
    about: About,
    /// The replay.
    replay: Replay,
    /// Its deliveries, as they stand.
    outcomes: Outcomes,
    /// Why it makes nothing due although it runs.
    held_back: Option<&'static str>,
) -> impl IntoView {
    let now = frame.now;
    let webhook = webhook_path(&about.study, &about.webhook.id);
    let path = format!("{webhook}/replay/{}", replay.id);
    let may = frame.may(Action::Retry { test: replay.is_test() });
    let open = matches!(replay.state, ReplayState::Running | ReplayState::Paused);
    let live = (open || outcomes.waiting > 0).then(|| {
        view! {
            <noscript><a class="button small" href=path.clone()>"Load again"</a></noscript>
            <LiveRegion events_url=format!("{webhook}/deliveries/live") target_id="replay".to_owned() />
        }
    });
    let banner = held_back.map(|why| {
        view! { <Banner tone=Tone::Warning title="The replay waits"><p>{why} " It goes on by itself then."</p></Banner> }
    });
    let buttons = (may && open).then(|| buttons(&path, replay.state));
    let links = links(&webhook, &replay, outcomes);
    let (of, passed) = (replay.planned.max(1), if replay.state == ReplayState::Done { replay.planned.max(1) } else { replay.passed() });
    let tone = |count: i64, tone| if count > 0 { tone } else { Tone::Neutral };
    let (good, bad) = (tone(outcomes.delivered, Tone::Success), tone(outcomes.failed, Tone::Danger));
    let said = format!("{} of {} deliveries made due", replay.made_due, replay.planned);
    view! {
        <WebhookFrame frame=frame about=about tab=WebhookTab::Replay>
            <Panel title="Replay" actions=move || live>
                <div id="replay" class="stack">
                    {banner}
                    <div class="stack-s">
                        <p class="progress-line"><ReplayBadge state=replay.state /> " " <span>{said.clone()}</span></p>
                        <progress value=passed.to_string() max=of.to_string() aria-label="Deliveries that the replay has come past">{said}</progress>
                    </div>
                    <Stats>
                        <Stat term="Delivered" tone=good>{outcomes.delivered}</Stat>
                        <Stat term="Failed" tone=bad>{outcomes.failed}</Stat>
                        <Stat term="Waiting">{outcomes.waiting}</Stat>
                        <Stat term="Left alone">{replay.skipped}</Stat>
                    </Stats>
                    {buttons}
                    {links}
                </div>
            </Panel>
            {set_up(replay, now)}
        </WebhookFrame>
    }
}

fn buttons(path: &str, state: ReplayState) -> impl IntoView + use<> {
    let (action, icon, label) =
        if state == ReplayState::Running { ("pause", "pause", "Pause the replay") } else { ("resume", "play", "Resume the replay") };
    view! {
        <div class="toolbar">
            <form method="post" action=format!("{path}/{action}")>
                <button class="button" type="submit"><Icon name=icon /> {label}</button>
            </form>
            <form method="post" action=format!("{path}/cancel")>
                <button class="button danger" type="submit"><Icon name="x" /> "Cancel the replay"</button>
            </form>
        </div>
        <p class="hint">"What was made due already is sent in either case."</p>
    }
}

fn links(webhook: &str, replay: &Replay, outcomes: Outcomes) -> impl IntoView + use<> {
    let to = |state: &str| format!("{webhook}/deliveries?q={}{state}", replay.id);
    let all = (replay.made_due > 0).then(|| view! { <a href=to("")>"The replayed deliveries"</a> });
    let failed = (outcomes.failed > 0).then(|| view! { <a href=to("&state=failed")>"Those that failed"</a> });
    let waiting = (outcomes.waiting > 0).then(|| view! { <a href=to("&state=waiting")>"Those that wait"</a> });
    let elsewhere = outcomes.elsewhere(replay.made_due);
    let elsewhere =
        (elsewhere > 0).then(|| view! { <p class="hint">{elsewhere} " of them were replayed again since, or are kept no longer."</p> });
    view! {
        <div class="toolbar">{all} {failed} {waiting}</div>
        {elsewhere}
    }
}

fn set_up(r: Replay, now: Timestamp) -> impl IntoView {
    let rate = r.rate.map_or_else(|| "as the webhook allows".to_owned(), |n| format!("{n} a second"));
    let finished = r.finished_at.map(|at| view! { <Definition term="Ended"><TimeTag t=at now=now /></Definition> });
    view! {
        <Panel title="What was asked for">
            <DefinitionList>
                <Definition term="Deliveries">{said(&r.filter)}</Definition>
                <Definition term="Rate">{rate}</Definition>
                <Definition term="Reason">{r.reason}</Definition>
                <Definition term="By">{r.requested_by}</Definition>
                <Definition term="Began"><TimeTag t=r.created_at now=now /></Definition>
                {finished}
                <Definition term="Id"><Id value=r.id.to_string() whole=true /></Definition>
            </DefinitionList>
        </Panel>
    }
}

/// A filter in words.
fn said(f: &DeliveryFilter) -> String {
    let mut parts = Vec::new();
    let states: Vec<String> = f.states.iter().map(|s| s.label().to_lowercase()).collect();
    parts.extend((!states.is_empty()).then(|| states.join(" or ")));
    parts.extend(f.is_test.map(|test| if test { "test" } else { "live" }.to_owned()));
    parts.extend(f.event_type.map(|t| t.name().to_owned()));
    parts.extend(f.class.map(|c| format!("answered {c}xx")));
    parts.extend(f.failure.map(|k| format!("failed with “{}”", k.label())));
    parts.extend(f.min_attempts.map(|n| format!("{n} attempts at least")));
    parts.extend(f.replay.as_ref().map(|id| format!("of the replay {id}")));
    parts.extend(f.q.as_ref().map(|q| format!("with the id or subject {q}")));
    parts.extend(f.from.map(|t| format!("accepted from {}", t.human())));
    parts.extend(f.to.map(|t| format!("accepted before {}", t.human())));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::delivery::DeliveryQuery;

    #[test]
    fn a_filter_is_said_in_words() {
        let query =
            DeliveryQuery { state: "failed".into(), class: "5xx".into(), q: "P-1".into(), mode: "live".into(), ..Default::default() };
        assert_eq!(said(&query.check().expect("good")), "exhausted or cancelled, live, answered 5xx, with the id or subject P-1");
    }
}
