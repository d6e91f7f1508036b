//! A delivery: its lifecycle, and for each attempt what was sent, what came back, what was signed.

use super::frame::{Console, Frame, event_path, integrations_path, webhook_path};
use crate::islands::CopyButton;
use crate::model::delivery::{Attempt, BodyAccess, DeliveryDetail, DeliveryState};
use crate::model::study::Study;
use crate::model::time::{Timestamp, human_duration};
use crate::ui::{
    Badge, Banner, CodeBlock, ConfirmForm, Definition, DefinitionList, FailureBadge, HeaderTable, HttpStatus, Id, LifecycleLine, NavKey,
    PageHead, Panel, StateBadge, Step, Tab, Tabs, TimeTag, Tone,
};
use leptos::prelude::*;

/// The page.
#[component]
pub fn DeliveryPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The delivery and its attempts.
    detail: DeliveryDetail,
    /// The attempt that is shown; `None`: the last.
    chosen: Option<u32>,
    /// Whether the person could see the bodies if they asked: a live one's reading is audited.
    may_reveal: bool,
    /// What was wrong with the retry's reason.
    error: Option<String>,
) -> impl IntoView {
    let now = frame.now;
    let d = detail.delivery.clone();
    let path = format!("/s/{}/deliveries/{}", study.slug, d.id);
    let webhook = webhook_path(&study, &d.webhook_id);
    let event = event_path(&study, &d.event_id);
    let crumbs = vec![
        ("Integrations".to_owned(), Some(integrations_path(&study))),
        (detail.webhook_name.clone(), Some(webhook.clone())),
        ("Deliveries".to_owned(), Some(format!("{webhook}/deliveries"))),
        ("Delivery".to_owned(), None),
    ];
    let retry = detail.may_retry.then(|| {
        view! {
            <ConfirmForm id="retry" action=format!("{path}/retry") label="Retry" submit="Retry now" icon="retry" error=error end=true>
                <p>"The same bytes are sent again, now, to the webhook as it is set up at present."</p>
            </ConfirmForm>
        }
    });
    let shown = chosen.and_then(|n| detail.attempts.iter().find(|a| a.number == n)).or(detail.attempts.last()).cloned();
    let tabs: Vec<Tab> = detail
        .attempts
        .iter()
        .map(|a| {
            let label = format!("Attempt {}", a.number);
            Tab::new(label, format!("{path}?attempt={}", a.number), shown.as_ref().is_some_and(|s| s.number == a.number))
        })
        .collect();
    let reveal = (detail.access != BodyAccess::Shown).then(|| privacy(&path, &detail, may_reveal, shown.as_ref().map(|a| a.number)));
    let attempts = match shown {
        Some(attempt) => view! {
            <Tabs label="Attempts" tabs=tabs />
            {attempt_panels(&detail, &attempt)}
        }
        .into_any(),
        None => view! {
            <Banner tone=Tone::Info title="No attempt has ended yet">
                <p>"What will be sent is below; the page shows the outcome when you load it again."</p>
            </Banner>
            {request_panel(&detail, None)}
        }
        .into_any(),
    };
    let test = d.is_test;
    let state = d.state;
    let steps = steps(&detail, &path, now);
    let title = format!("{} → {}", d.event_type.name(), detail.webhook_host);
    let (source, external_id) = (detail.source, detail.external_id);
    view! {
        <Console frame=frame nav=NavKey::Integrations crumbs=crumbs>
            <PageHead
                title=title
                badges=move || view! { <StateBadge state=state /> {test.then(|| view! { " " <Badge tone=Tone::Info label="Test" /> })} }
                lead={let id = d.id.to_string(); move || view! { <Id value=id whole=true /> }}
            >
                {retry}
            </PageHead>
            <div class="stack">
                <Panel title="Lifecycle">
                    <LifecycleLine steps=steps />
                </Panel>
                <Panel title="Event">
                    <DefinitionList>
                        <Definition term="Type"><code>{d.event_type.name()}</code></Definition>
                        <Definition term="Subject">{d.subject.clone().unwrap_or_else(|| "–".to_owned())}</Definition>
                        <Definition term="Event"><a href=event><Id value=d.event_id.to_string() whole=true /></a></Definition>
                        <Definition term="Source"><code>{source}</code></Definition>
                        <Definition term="Id at the source"><code>{external_id}</code></Definition>
                    </DefinitionList>
                </Panel>
                {reveal}
                {attempts}
            </div>
        </Console>
    }
}

fn privacy(path: &str, detail: &DeliveryDetail, may_reveal: bool, number: Option<u32>) -> impl IntoView + use<> {
    let text = if may_reveal {
        "Bodies of live events may hold health data. Showing them is written into the audit trail."
    } else if detail.access == BodyAccess::Redacted {
        "Your role sees that a body was sent and how long it was, not what it says."
    } else {
        "Your role does not see the bodies of live events."
    };
    let button = may_reveal.then(|| {
        let number = number.map(|n| view! { <input type="hidden" name="attempt" value=n.to_string() /> });
        view! {
            <form method="post" action=format!("{path}/reveal")>
                {number}
                <button class="button" type="submit">"Show the bodies"</button>
            </form>
        }
    });
    view! {
        <Banner tone=Tone::Info title="The bodies are hidden">
            <p>{text}</p>
            {button}
        </Banner>
    }
}

fn steps(detail: &DeliveryDetail, path: &str, now: Timestamp) -> Vec<Step> {
    let d = &detail.delivery;
    let mut steps = vec![
        Step { label: "Occurred".to_owned(), time: Some(detail.occurred_at), ..Step::default() },
        Step {
            label: "Accepted".to_owned(),
            time: Some(d.created_at),
            gap: Some(d.created_at.since(detail.occurred_at)).filter(|g| *g > 0),
            ..Step::default()
        },
    ];
    let mut last = d.created_at;
    for a in &detail.attempts {
        let ok = a.failure.is_none();
        let note = match (a.failure, a.status) {
            (_, Some(status)) => status.to_string(),
            (Some(kind), None) => kind.label().to_owned(),
            (None, None) => String::new(),
        };
        steps.push(Step {
            label: format!("Attempt {}", a.number),
            time: Some(a.started_at),
            tone: if ok { Tone::Success } else { Tone::Danger },
            href: Some(format!("{path}?attempt={}", a.number)),
            gap: Some(a.started_at.since(last)).filter(|g| *g > 0),
            note: Some(note),
            planned: false,
        });
        last = a.ended_at();
    }
    if let Some(at) = d.next_attempt_at {
        let label = if at <= now { "Next attempt is due".to_owned() } else { format!("Attempt {}", d.attempts + 1) };
        steps.push(Step { label, time: Some(at), gap: Some(at.since(last).max(0)), planned: true, ..Step::default() });
    }
    if let Some(at) = d.finished_at {
        let tone = if d.state == DeliveryState::Delivered { Tone::Success } else { Tone::Danger };
        steps.push(Step {
            label: d.state.label().to_owned(),
            time: Some(at),
            tone,
            gap: Some(at.since(last)).filter(|g| *g > 0),
            ..Step::default()
        });
    }
    steps
}

/// One attempt: outcome, request, response, signature. Also shown under Send sample.
pub fn attempt_panels(detail: &DeliveryDetail, attempt: &Attempt) -> impl IntoView + use<> {
    view! {
        {outcome_panel(attempt)}
        {request_panel(detail, Some(attempt))}
        {response_panel(detail, attempt)}
        {signature_panel(detail, attempt)}
    }
}

fn outcome_panel(a: &Attempt) -> impl IntoView + use<> {
    let outcome = match (a.failure, a.status) {
        (None, status) => view! { <HttpStatus status=status reason=true /> }.into_any(),
        (Some(kind), status) => view! {
            <FailureBadge kind=kind />
            " "
            {status.map(|s| view! { <HttpStatus status=Some(s) reason=true /> })}
        }
        .into_any(),
    };
    let part = |t: Option<i64>, none: &str| t.map_or_else(|| none.to_owned(), human_duration);
    let by = a.requested_by.clone().map(|by| {
        let reason = a.reason.clone().map(|r| format!(": “{r}”")).unwrap_or_default();
        view! { <Definition term="Asked for by">{by}{reason}</Definition> }
    });
    let message = a.message.clone().map(|m| view! { <p>{m}</p> });
    let Attempt { started_at, trigger, timing, .. } = a.clone();
    view! {
        <Panel title=format!("Outcome of attempt {}", a.number) id="outcome">
            {message}
            <DefinitionList>
                <Definition term="Outcome">{outcome}</Definition>
                <Definition term="Began"><TimeTag t=started_at /></Definition>
                <Definition term="Set off by">{trigger.label()}</Definition>
                {by}
                <Definition term="DNS">{part(timing.dns, "not looked up again")}</Definition>
                <Definition term="Connect and TLS">{part(timing.connect, "connection kept")}</Definition>
                <Definition term="First byte">{part(timing.first_byte, "–")}</Definition>
                <Definition term="Total">{human_duration(timing.total)}</Definition>
            </DefinitionList>
        </Panel>
    }
}

fn pretty(body: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(body).ok()?;
    serde_json::to_string_pretty(&value).ok().filter(|p| p != body)
}

fn body_blocks(access: BodyAccess, body: Option<&str>, size: usize, what: &'static str) -> impl IntoView + use<> {
    match (access, body) {
        (BodyAccess::Shown, Some("") | None) => view! { <p class="muted">"No body."</p> }.into_any(),
        (BodyAccess::Shown, Some(body)) => {
            let raw = body.to_owned();
            let copy = raw.clone();
            match pretty(body) {
                Some(pretty) => view! {
                    <CodeBlock label=format!("{what}, formatted") text=pretty wrap=true>
                        <CopyButton text=copy label="Copy raw".to_owned() />
                    </CodeBlock>
                    <crate::ui::Disclosure summary="Exactly as it was">
                        <CodeBlock label=format!("{what}, raw") text=raw wrap=true />
                    </crate::ui::Disclosure>
                }
                .into_any(),
                None => view! {
                    <CodeBlock label=what text=raw wrap=true>
                        <CopyButton text=copy label="Copy".to_owned() />
                    </CodeBlock>
                }
                .into_any(),
            }
        }
        (BodyAccess::Redacted, _) => view! { <p class="muted">{format!("█████ redacted{}", sized(size))}</p> }.into_any(),
        (BodyAccess::Hidden, _) => view! { <p class="muted">"Hidden from your role."</p> }.into_any(),
    }
}

fn sized(size: usize) -> String {
    if size == 0 { String::new() } else { format!(", {size} bytes") }
}

fn request_panel(detail: &DeliveryDetail, attempt: Option<&Attempt>) -> impl IntoView + use<> {
    let headers = attempt.map_or_else(|| detail.payload.headers.clone(), |a| a.request_headers.clone());
    let to = attempt.map(|a| view! { <p class="mono">"POST " {a.url.clone()}</p> });
    let body = body_blocks(detail.access, Some(&detail.payload.body), detail.body_size, "Body");
    view! {
        <Panel title="Request" id="request">
            {to}
            <HeaderTable headers=headers caption="Headers as sent; credentials are masked" />
            {body}
        </Panel>
    }
}

fn response_panel(detail: &DeliveryDetail, a: &Attempt) -> impl IntoView + use<> {
    let body = match a.status {
        None => view! { <p class="muted">"There was no answer."</p> }.into_any(),
        Some(status) => {
            let cut = a.response_truncated.then(|| view! { <p class="small muted">"The first 16 KiB; the rest was not kept."</p> });
            view! {
                <p><HttpStatus status=Some(status) reason=true /></p>
                <HeaderTable headers=a.response_headers.clone() caption="Headers of the answer; credentials are masked" />
                {body_blocks(detail.access, a.response_body.as_deref(), 0, "Body of the answer")}
                {cut}
            }
            .into_any()
        }
    };
    view! { <Panel title="Response" id="response">{body}</Panel> }
}

fn signature_panel(detail: &DeliveryDetail, a: &Attempt) -> impl IntoView + use<> {
    let header = |name: &str| a.request_header(name).unwrap_or_default().to_owned();
    let (id, timestamp, signature) = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    let body = if signature.is_empty() {
        view! { <p class="muted">"Not signed: the webhook had no secret."</p> }.into_any()
    } else {
        let signed = match detail.access {
            BodyAccess::Shown => view! {
                <CodeBlock
                    label="The signed string, exactly"
                    text=format!("{id}.{timestamp}.{}", detail.payload.body)
                    wrap=true
                />
            }
            .into_any(),
            _ => view! { <p class="mono">{format!("{id}.{timestamp}.")}<span class="muted">"… the body"</span></p> }.into_any(),
        };
        let curl = (detail.access == BodyAccess::Shown).then(|| {
            let text = curl(detail, a);
            view! {
                <crate::ui::Disclosure summary="As curl">
                    <CodeBlock label="Without masked credentials; receivers refuse it once it is five minutes old" text=text.clone() wrap=true>
                        <CopyButton text=text label="Copy".to_owned() />
                    </CodeBlock>
                </crate::ui::Disclosure>
            }
        });
        view! {
            <p>
                "HMAC-SHA256 with the webhook’s secret over the id, the timestamp and the body, joined by dots. A receiver makes the same and compares."
            </p>
            {signed}
            <CodeBlock label="webhook-signature" text=signature wrap=true />
            {curl}
        }
        .into_any()
    };
    view! { <Panel title="Signature" id="signature">{body}</Panel> }
}

fn curl(detail: &DeliveryDetail, a: &Attempt) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let mut lines = vec![format!("curl -X POST {}", quoted(&a.url))];
    let sent = a.request_headers.iter().filter(|(_, value)| !value.contains('•'));
    lines.extend(sent.map(|(name, value)| format!("  -H {}", quoted(&format!("{name}: {value}")))));
    lines.push(format!("  --data-binary {}", quoted(&detail.payload.body)));
    lines.join(" \\\n")
}
