//! Every component in every state.

use super::sample::{NOW, delivery_id, hours};
use crate::model::delivery::{DeliveryState, FailureKind};
use crate::model::event_type::EventType;
use crate::model::replay::ReplayState;
use crate::model::time::{HOUR, MINUTE};
use crate::model::webhook::{WebhookMode, WebhookStatus};
use crate::ui::*;
use leptos::prelude::*;

#[component]
fn Item(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="gallery-item">
            <h2>{title}</h2>
            {children()}
        </section>
    }
}

const ICONS: &str = "hookwell webhook key search user users sign-out menu chevron-left chevron-right chevron-down chevrons chevrons-left check x check-circle x-circle alert info clock retry send copy plus filter lock shield external pause play archive edit eye eye-off code book zap flask ban list settings download calendar trash";

#[component]
pub fn Components() -> impl IntoView {
    let tones = [Tone::Neutral, Tone::Success, Tone::Warning, Tone::Danger, Tone::Info];
    let events = EventType::ALL.to_vec();
    view! {
        <PageHead title="Style guide" lead="Every component in every state." badges=|| view! { <Badge label="Development" tone=Tone::Info /> }>
            <a class="button" href="?page=integrations">
                "A page"
            </a>
        </PageHead>
        <Item title="Buttons">
            <div class="toolbar">
                <button class="button primary" type="button">
                    <Icon name="plus" />
                    "Primary"
                </button>
                <button class="button" type="button">
                    <Icon name="retry" />
                    "Plain"
                </button>
                <button class="button quiet" type="button">
                    "Quiet"
                </button>
                <button class="button danger" type="button">
                    "Danger"
                </button>
                <button class="button primary danger" type="button">
                    "Archive"
                </button>
                <button class="button small" type="button">
                    "Small"
                </button>
                <button class="button" type="button" disabled=true>
                    "Disabled"
                </button>
                <a href="?page=components">"A link"</a>
                <button class="link-button" type="button">
                    "A button that looks like a link"
                </button>
            </div>
        </Item>
        <Item title="States and kinds">
            <div class="toolbar">
                {WebhookStatus::ALL.iter().map(|s| view! { <StatusPill status=*s /> }).collect_view()}
                {DeliveryState::ALL.iter().map(|s| view! { <StateBadge state=*s /> }).collect_view()}
                {ReplayState::ALL.iter().map(|s| view! { <ReplayBadge state=*s /> }).collect_view()}
            </div>
            <div class="toolbar">
                {WebhookMode::ALL.iter().map(|m| view! { <ModeBadge mode=*m /> }).collect_view()}
                <StudyBadge production=true />
                <StudyBadge production=false />
                {tones.map(|t| view! { <Badge tone=t label=format!("{t:?}") /> }).collect_view()}
            </div>
            <div class="toolbar">{FailureKind::ALL.iter().map(|f| view! { <FailureBadge kind=*f /> }).collect_view()}</div>
            <div class="toolbar">
                {[Some(200), Some(301), Some(404), Some(503), None].map(|s| view! { <HttpStatus status=s reason=true /> }).collect_view()}
            </div>
        </Item>
        <Item title="Attempts">
            <div class="toolbar">
                <AttemptDots attempts=0 state=DeliveryState::Pending />
                <AttemptDots attempts=1 state=DeliveryState::Delivered />
                <AttemptDots attempts=3 state=DeliveryState::Retrying />
                <AttemptDots attempts=4 state=DeliveryState::Delivered />
                <AttemptDots attempts=11 state=DeliveryState::Exhausted />
                <AttemptDots attempts=27 state=DeliveryState::Exhausted />
            </div>
        </Item>
        <Item title="Event types">
            <Chips events=events[..2].to_vec() />
            <Chips events=events />
        </Item>
        <Item title="Sparklines">
            <div class="toolbar">
                <Sparkline buckets=hours(40, 6) />
                <Sparkline buckets=hours(4000, 1) />
                <Sparkline buckets=hours(0, 20) />
                <Sparkline buckets=vec![(0, 0); 24] />
            </div>
        </Item>
        <Item title="Times and ids">
            <div class="toolbar">
                <TimeTag t=NOW />
                <TimeTag t=NOW.plus(-4 * MINUTE) now=NOW />
                <TimeTag t=NOW.plus(2 * HOUR) now=NOW short=true />
                <Id value=delivery_id(7).as_str() />
                <Id value=delivery_id(7).as_str() whole=true />
                <Id value="SUBJ-0412" />
            </div>
        </Item>
        <Item title="Icons">
            <div class="toolbar">
                {ICONS
                    .split(' ')
                    .map(|name| {
                        view! {
                            <span class="toolbar small">
                                <Icon name=name />
                                {name}
                            </span>
                        }
                    })
                    .collect_view()}
            </div>
        </Item>
        <Item title="Messages">
            <FlashView flash=Some(Flash::success("Saved.")) />
            <FlashView flash=Some(Flash::error("Not saved: somebody else changed this webhook in the meantime.")) />
            <FlashView flash=Some(Flash::info("The sample is on its way.")) />
            <FlashView flash=Some(Flash::warning("Saved. The sample of the old configuration no longer counts.")) />
            {tones
                .map(|t| {
                    view! {
                        <Banner tone=t title="What is so">
                            <p>
                                "What it means, with " <a href="?page=components">"a link"</a> "."
                            </p>
                            <div class="toolbar">
                                <button class="button small" type="button">
                                    "What to do"
                                </button>
                            </div>
                        </Banner>
                    }
                })
                .collect_view()}
        </Item>
        <Item title="Fields">
            <div class="grid-2">
                <div class="stack">
                    <TextInput label="Text" name="g-text" value="What was typed" hint="What to know before one types." />
                    <TextInput label="With an error" name="g-error" value="ftp://x" mono=true error="must begin with https://" hint="A hint too." />
                    <TextInput label="Empty" name="g-empty" optional=true placeholder="An example" />
                    <TextInput label="Disabled" name="g-disabled" disabled=true value="Cannot be changed" />
                    <TextInput label="Number" name="g-number" inputmode="numeric" value="10" suffix="seconds" short=true />
                    <PasswordInput label="Password" name="g-password" />
                    <FileInput label="File" name="g-file" accept=".csv" hint="UTF-8, at most 10 MiB." error="holds no rows" />
                    <TextArea label="Several lines" name="g-area" value="One\nTwo" error="has too few" />
                    <Select label="Select" name="g-select" value="b" options=vec![Choice::new("a", "One"), Choice::new("b", "Two")] />
                    <Field label="A control of its own kind" name="g-own">
                        <input class="input" id="f-g-own" name="g-own" type="color" />
                    </Field>
                </div>
                <div class="stack">
                    <Checkbox label="Yes" name="g-yes" checked=true hint="What it means." />
                    <Checkbox label="Agreed" name="g-agreed" error="must be ticked" />
                    <CheckboxGroup
                        label="Any of"
                        name="g-any"
                        hint="At least one."
                        error="choose at least one"
                        options=vec![
                            Choice::new("a", "form.completed").hint("A form response becomes complete.").example("{\n  \"form\": {\"id\": \"f\"}\n}"),
                            Choice::new("b", "survey.completed"),
                        ]
                    />
                    <RadioGroup
                        label="One of"
                        name="g-one"
                        value="b"
                        options=vec![
                            Choice::new("a", "First").hint("With a hint."),
                            Choice::new("b", "Second"),
                            Choice::new("c", "Third").disabled("Why it cannot be chosen."),
                        ]
                    />
                </div>
            </div>
        </Item>
        <Item title="Questions of a form">{super::study_data::questions()}</Item>
        <Item title="What a synchronous webhook did not take">{super::study_data::dialog()}</Item>
        <Item title="To open">
            <Disclosure summary="More">
                <p>"What was behind it."</p>
            </Disclosure>
            <Disclosure summary="Open" open=true>
                <p>"What was behind it."</p>
            </Disclosure>
            <div class="toolbar">
                <ConfirmForm id="g-archive" action="/api/archive" label="Archive" submit="Archive webhook" danger=true icon="archive">
                    <p>"It stops at once. Its history stays readable."</p>
                </ConfirmForm>
            </div>
            <ConfirmForm id="g-plain" action="/api/archive" label="Without a reason" submit="Do it" reason=false>
                <p>"What will happen."</p>
            </ConfirmForm>
            <ConfirmForm id="g-error" action="/api/archive" label="With an error" submit="Do it" error="must be 1–500 characters">
                <p>"What will happen."</p>
            </ConfirmForm>
        </Item>
        <Item title="Names and values">
            <Panel title="Panel" actions=|| view! { <a href="?page=components">"Edit"</a> }>
                <DefinitionList>
                    <Definition term="URL">
                        <code>"https://ctms.example.com/hooks"</code>
                    </Definition>
                    <Definition term="Timeout">"10 s"</Definition>
                </DefinitionList>
            </Panel>
            <HeaderTable caption="No headers" headers=Vec::new() />
            <CodeBlock label="With tools" text="{}" note="2 bytes">
                <button class="button small quiet" type="button">
                    <Icon name="copy" />
                    "Copy"
                </button>
            </CodeBlock>
        </Item>
        <Item title="Pager">
            <Pager path="/styleguide" cursor="b" next=Some("c".to_owned()) />
        </Item>
    }
}
