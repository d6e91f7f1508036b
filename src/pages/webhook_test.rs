//! Send sample: choose an event, see and edit its dummy data, send it, see the answer.

use super::delivery::attempt_panels;
use super::frame::{Frame, webhook_path};
use super::webhook::{About, WebhookFrame, WebhookTab};
use crate::model::delivery::{Attempt, DeliveryDetail};
use crate::model::event_type::EventType;
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::time::human_duration;
use crate::model::webhook::WebhookMode;
use crate::ui::{Banner, Choice, ErrorSummary, FormActions, Panel, Select, TextArea, Tone};
use leptos::prelude::*;

/// The page.
#[component]
pub fn TestPage(
    /// Who and where.
    frame: Frame,
    /// What it is about.
    about: About,
    /// The chosen event type.
    event_type: EventType,
    /// Its data, as it stands in the form.
    data: String,
    /// What is wrong with it.
    errors: FieldErrors,
    /// The sample that was just sent.
    sent: Option<DeliveryDetail>,
) -> impl IntoView {
    let path = webhook_path(&about.study, &about.webhook.id);
    let study_path = format!("/s/{}", about.study.slug);
    let live = about.webhook.mode == WebhookMode::Live;
    let may = frame.may(Action::SendSample { live }) && about.webhook.archived_at.is_none();
    let types: Vec<Choice> = about.webhook.settings.format.event_types().into_iter().map(|t| Choice::new(t.name(), t.label())).collect();
    let result = sent.map(|detail| {
        let attempt = detail.attempts.last().cloned();
        let link = format!("{study_path}/deliveries/{}", detail.delivery.id);
        view! {
            {attempt.as_ref().map(|a| verdict(a, &link))}
            {attempt.map(|a| attempt_panels(&detail, &a))}
        }
    });
    let form = if may {
        let action = format!("{path}/test");
        let choose = action.clone();
        let data_error = errors.of("data").map(str::to_owned);
        view! {
            <Panel title="Event">
                <form class="toolbar" method="get" action=choose>
                    <Select label="Event type" name="event_type" options=types value=event_type.name() />
                    <button class="button" type="submit">"Show its example"</button>
                </form>
                <p class="small muted">{event_type.description()}</p>
            </Panel>
            <Panel title="Sample">
                <form class="stack" method="post" action=action>
                    <input type="hidden" name="event_type" value=event_type.name() />
                    <TextArea
                        label="Data"
                        name="data"
                        value=data
                        error=data_error
                        hint="Dummy values. Change them as you like; never type a real participant’s."
                        rows=14
                        mono=true
                    />
                    <FormActions>
                        <button class="button primary" type="submit">"Send sample"</button>
                    </FormActions>
                </form>
            </Panel>
        }
        .into_any()
    } else {
        let why = if about.webhook.archived_at.is_some() {
            "The webhook is archived; it gets no samples."
        } else if live {
            "The webhook is Live: an administrator may send samples to it."
        } else {
            "Your role does not send samples."
        };
        view! { <Banner tone=Tone::Info title=why /> }.into_any()
    };
    view! {
        <WebhookFrame frame=frame about=about tab=WebhookTab::Test>
            <ErrorSummary errors=errors title="Nothing was sent." />
            {result}
            {form}
        </WebhookFrame>
    }
}

fn verdict(attempt: &Attempt, link: &str) -> impl IntoView + use<> {
    let took = human_duration(attempt.timing.total);
    let (tone, title) = match (attempt.failure, attempt.status) {
        (None, Some(status)) => (Tone::Success, format!("The sample arrived: {status} after {took}")),
        (_, Some(status)) => (Tone::Danger, format!("The receiver did not take the sample: {status} after {took}")),
        (_, None) => (Tone::Danger, format!("The sample did not arrive, after {took}")),
    };
    let message = attempt.message.clone();
    let signed = attempt.request_header("webhook-signature").is_some();
    let text = match (attempt.failure.is_none(), signed) {
        (true, true) => "It was signed as live events are: a receiver that verifies has verified it.",
        (true, false) => "It was not signed: this webhook has no secret.",
        (false, _) => "Nothing of the study was touched. Mend the receiver or the settings, and send another.",
    };
    let link = link.to_owned();
    view! {
        <div role="status">
            <Banner tone=tone title=title>
                {message.map(|m| view! { <p>{m}</p> })}
                <p>{text} " " <a href=link>"Open it in the history"</a></p>
            </Banner>
        </div>
    }
}
