//! One delivery, composed: head, timeline, attempts, request and response.

use super::sample::{NOW, delivery_id};
use crate::model::delivery::{DeliveryState, FailureKind};
use crate::model::time::{MINUTE, SECOND};
use crate::ui::*;
use leptos::prelude::*;

const BODY: &str = r#"{
  "specversion": "1.0",
  "id": "evt_019aa5c241d87000b1f2c3d4e5f60718",
  "source": "https://edc.example.com/studies/onco-301",
  "type": "form.completed",
  "time": "2026-11-21T09:23:57.412Z",
  "data": {
    "participant": { "id": "8f14e45f-ceea-467f-9575-1b3b2c4d5e6f", "identifier": "SUBJ-0377" },
    "form": { "id": "ae-report", "name": "Adverse event report", "version": "3" },
    "response": { "id": "r-20931", "status": "completed", "completed_at": "2026-11-21T09:23:57.412Z" }
  }
}"#;

#[component]
pub fn DeliveryMock() -> impl IntoView {
    let start = NOW.plus(-6 * MINUTE);
    let step = |label: &str, after: i64, gap: Option<i64>, tone, note: Option<&str>| Step {
        label: label.to_owned(),
        time: Some(start.plus(after)),
        tone,
        gap,
        note: note.map(str::to_owned),
        ..Step::default()
    };
    let attempt = |n: u32, after, gap, note| Step {
        href: Some(format!("?page=delivery&attempt={n}")),
        ..step(&format!("Attempt {n}"), after, Some(gap), Tone::Danger, Some(note))
    };
    let steps = vec![
        step("Occurred", 0, None, Tone::Neutral, None),
        step("Accepted", 212_000, Some(212_000), Tone::Neutral, None),
        attempt(1, 230_000, 18_000, "503"),
        attempt(2, 6 * SECOND, 5_200_000, "Timed out"),
        attempt(3, 47 * SECOND, 31_000_000, "503"),
        Step { planned: true, ..step("Attempt 4", 18 * MINUTE, Some(1024 * SECOND), Tone::Neutral, Some("planned")) },
    ];
    let request = [
        ("content-type", "application/cloudevents+json"),
        ("user-agent", "Hookwell/0.1.0"),
        ("webhook-id", "dlv_019aa5c241d8700390f2c3d4e5f60718"),
        ("webhook-timestamp", "1795253087"),
        ("webhook-signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
        ("x-site-token", "••••••••"),
    ]
    .map(|(n, v)| (n.to_owned(), v.to_owned()))
    .to_vec();
    let response =
        [("content-type", "text/html"), ("retry-after", "900"), ("server", "nginx")].map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
    view! {
        <PageHead
            title=|| {
                view! {
                    "form.completed "
                    <span class="muted">"→"</span>
                    " ctms.example.com"
                }
            }
            badges=|| view! { <StateBadge state=DeliveryState::Retrying /> }
            lead=|| view! { <Id value=delivery_id(3).as_str() whole=true /> }
        >
            <a class="button" href="?page=deliveries">
                <Icon name="copy" />
                "Copy as curl"
            </a>
            <ConfirmForm id="retry" action="/api/retry_delivery" label="Retry now" submit="Retry" icon="retry" end=true hidden=vec![("id".into(), "dlv_3".into())]>
                <p>"Sends the same bytes again, at once. The planned attempt is moved."</p>
            </ConfirmForm>
        </PageHead>
        <Panel title="Timeline">
            <LifecycleLine steps=steps />
        </Panel>
        <div class="with-aside">
            <div class="stack">
                <Tabs
                    label="Attempts"
                    tabs=vec![
                        Tab::new("Attempt 3", "?page=delivery", true).count("503"),
                        Tab::new("Attempt 2", "?page=delivery", false).count("Timed out"),
                        Tab::new("Attempt 1", "?page=delivery", false).count("503"),
                    ]
                />
                <Banner tone=Tone::Danger title="The server answered 503 Service Unavailable">
                    <p>"It asked to be left alone for 15 minutes (Retry-After), so the next attempt waits until 09:42:00 UTC. Nothing is lost."</p>
                </Banner>
                <Stats>
                    <Stat term="DNS">"2 ms"</Stat>
                    <Stat term="Connect and TLS">"41 ms"</Stat>
                    <Stat term="First byte">"1.3 s"</Stat>
                    <Stat term="Total">"1.3 s"</Stat>
                </Stats>
                <Panel title="Request">
                    <p class="mono">"POST https://ctms.example.com/hooks/enrolment"</p>
                    <HeaderTable headers=request caption="Headers" />
                    <CodeBlock label="Body" text=BODY note="612 bytes, JSON" />
                </Panel>
                <Panel title="Response" actions=|| view! { <HttpStatus status=Some(503) reason=true /> }>
                    <HeaderTable headers=response caption="Headers" />
                    <CodeBlock label="Body" text="<html><body>Down for maintenance. Back at 09:40.</body></html>" note="62 bytes" wrap=true />
                </Panel>
                <Panel title="Signature">
                    <Disclosure summary="How to verify it">
                        <CodeBlock label="Signed text" text="dlv_019aa5c2….1795253087.{\"specversion\":\"1.0\", …}" />
                    </Disclosure>
                </Panel>
            </div>
            <aside class="stack" aria-label="About this delivery">
                <Panel title="About">
                    <DefinitionList>
                        <Definition term="Webhook">
                            <a href="?page=deliveries">"CTMS enrolment feed"</a>
                        </Definition>
                        <Definition term="Event">
                            <Id value="evt_019aa5c241d87000b1f2c3d4e5f60718" />
                        </Definition>
                        <Definition term="Subject">"SUBJ-0377"</Definition>
                        <Definition term="Source">
                            <code>"https://edc.example.com/studies/onco-301"</code>
                        </Definition>
                        <Definition term="Attempts">
                            <AttemptDots attempts=3 state=DeliveryState::Retrying />
                        </Definition>
                        <Definition term="Last failure">
                            <FailureBadge kind=FailureKind::HttpStatus />
                        </Definition>
                        <Definition term="Next attempt">
                            <TimeTag t=NOW.plus(12 * MINUTE) now=NOW />
                        </Definition>
                    </DefinitionList>
                </Panel>
            </aside>
        </div>
    }
}
