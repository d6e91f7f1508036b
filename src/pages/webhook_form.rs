//! Adding and editing a webhook: one page, with the words that people know from elsewhere.

use super::frame::{Console, Frame, integrations_path, webhook_path};
use super::webhook::{About, WebhookFrame, WebhookTab};
use super::{webhook_format, webhook_preview};
use crate::model::event_type::EventType;
use crate::model::preview::Preview;
use crate::model::problem::FieldErrors;
use crate::model::study::Study;
use crate::model::webhook::WebhookStatus;
use crate::model::webhook_draft::{ASYNCHRONOUS, SYNCHRONOUS, WebhookDraft};
use crate::ui::{
    CheckboxGroup, Choice, ErrorSummary, FormActions, FormErrors, FormSection, NavKey, PageHead, PasswordInput, RadioGroup, TextArea,
    TextInput,
};
use leptos::prelude::*;

/// What the fields are called, for the list of errors.
const LABELS: &[(&str, &str)] = &[
    ("url", "URL"),
    ("secret", "Secret key"),
    ("forms", "Forms and surveys"),
    ("content", "What is sent"),
    ("key_case", "MyDataHelps: keys"),
    ("signature_header", "Survey: signature header"),
    ("event_header", "Survey: event header"),
    ("delivery_header", "Survey: delivery header"),
    ("delivery", "Who waits"),
    ("timeout_seconds", "Timeout"),
    ("retry_schedule", "Retries"),
    ("concurrency", "Requests at once"),
    ("token_header", "Token header"),
    ("token_value", "Token"),
    ("basic_user", "E-mail or user"),
    ("basic_password", "Password"),
    ("headers", "More headers"),
];

/// A new webhook.
#[component]
pub fn NewWebhookPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// What was typed.
    draft: WebhookDraft,
    /// What is wrong with it.
    errors: FieldErrors,
    /// What it would send, where that was asked for, and whether something secret was typed meanwhile.
    preview: Option<(Preview, bool)>,
) -> impl IntoView {
    let path = integrations_path(&study);
    let crumbs = vec![("Integrations".to_owned(), Some(path.clone())), ("Add webhook".to_owned(), None)];
    let action = format!("{path}/new");
    let preview = preview.map(|(preview, dropped)| webhook_preview::panel(preview, dropped));
    let sections = sections(&draft, &errors, false, false);
    view! {
        <Console frame=frame nav=NavKey::Integrations crumbs=crumbs>
            <PageHead title="Add webhook" lead="It starts in Test mode: it gets samples only, until you take it Live." />
            <ErrorSummary errors=errors labels=LABELS />
            {preview}
            <form class="stack" method="post" action=action>
                {sections}
                <FormActions>
                    <button class="button primary" type="submit">"Add webhook"</button>
                    <button class="button" type="submit" name="preview" value="true">"Preview request"</button>
                    <a class="button quiet" href=path>"Cancel"</a>
                </FormActions>
            </form>
        </Console>
    }
}

/// An existing one.
#[component]
pub fn EditWebhookPage(
    /// Who and where.
    frame: Frame,
    /// What it is about.
    about: About,
    /// What was typed.
    draft: WebhookDraft,
    /// The version that the person began with.
    version: i64,
    /// What is wrong with it.
    errors: FieldErrors,
    /// What it would send, where that was asked for, and whether something secret was typed meanwhile.
    preview: Option<(Preview, bool)>,
    /// That somebody else changed it meanwhile.
    conflict: Option<String>,
) -> impl IntoView {
    let path = webhook_path(&about.study, &about.webhook.id);
    let action = format!("{path}/edit?version={version}");
    let preview = preview.map(|(preview, dropped)| webhook_preview::panel(preview, dropped));
    let sections = sections(&draft, &errors, true, about.webhook.settings.format_options.legacy);
    let again = format!("{path}/edit");
    let stale = conflict.map(|text| {
        view! {
            <div role="alert">
                <crate::ui::Banner tone=crate::ui::Tone::Danger title="Not saved">
                    <p>{text}</p>
                    <p><a href=again>"Load the present state"</a> " (what you typed below is lost then)"</p>
                </crate::ui::Banner>
            </div>
        }
    });
    view! {
        <WebhookFrame frame=frame about=about tab=WebhookTab::Edit>
            <ErrorSummary errors=errors labels=LABELS />
            {stale}
            {preview}
            <form class="stack" method="post" action=action>
                {sections}
                <FormActions>
                    <button class="button primary" type="submit">"Save"</button>
                    <button class="button" type="submit" name="preview" value="true">"Preview request"</button>
                    <a class="button quiet" href=path>"Cancel"</a>
                </FormActions>
            </form>
        </WebhookFrame>
    }
}

fn sections(draft: &WebhookDraft, errors: &FieldErrors, editing: bool, legacy: bool) -> impl IntoView + use<> {
    let d = draft.clone();
    let errors = FormErrors::new(errors.clone());
    let payload = webhook_format::sections(draft, errors, legacy);
    let events = EventType::ALL
        .iter()
        .filter(|t| t.can_be_subscribed())
        .map(|t| {
            let example = serde_json::to_string_pretty(&t.example()).unwrap_or_default();
            Choice::new(t.name(), t.label()).hint(t.description()).example(example)
        })
        .collect();
    let mut statuses = vec![
        Choice::new("active", "Active").hint("Triggered by the selected events, once it is Live."),
        Choice::new("inactive", "Inactive").hint("Not triggered. What was accepted before waits."),
    ];
    if d.status == WebhookStatus::Disabled.as_str() {
        statuses.push(Choice::new("disabled", "Disabled by Hookwell").hint("As it is. Choose Active to switch it on again."));
    }
    let waits = vec![
        Choice::new(ASYNCHRONOUS, "Asynchronous").hint("The save that causes an event goes on at once."),
        Choice::new(SYNCHRONOUS, "Synchronous").hint(
            "The person who saves a record waits for the answer, at most for the timeout. When it fails they are told so; the record stays \
             saved, and the delivery is tried again like any other.",
        ),
    ];
    let secret = (!editing).then(|| {
        view! {
            <FormSection title="Secret key" about="Signs every message, so that the receiver knows that it comes from here.">
                <PasswordInput
                    label="Secret key"
                    name="secret"
                    hint="Leave it empty and one is generated. To use your own, paste 16–500 characters. It is shown once, after you save."
                    error=errors.of("secret")
                    autocomplete="off"
                    optional=true
                />
            </FormSection>
        }
    });
    view! {
        <FormSection title="Webhook" about="Where the payload is sent, and what people call it here.">
            <TextInput label="Name" name="name" value=d.name error=errors.of("name") required=true maxlength=200 placeholder="CTMS" />
            <TextInput
                label="URL"
                name="url"
                kind="url"
                value=d.url
                error=errors.of("url")
                hint="The address of your system that receives the events by POST."
                placeholder="https://ctms.example.com/hooks"
                inputmode="url"
                required=true
                mono=true
            />
        </FormSection>
        {secret}
        <FormSection title="Status">
            <RadioGroup label="Status" name="status" options=statuses value=d.status error=errors.of("status") />
        </FormSection>
        <FormSection title="Events" about="What triggers the webhook. Open an example to see its data.">
            <CheckboxGroup label="Events" name="events" options=events values=d.events error=errors.of("events") />
        </FormSection>
        <FormSection title="Which forms, surveys and sites" about="Leave empty for all. What is about no form, survey or site is not held back by the first list.">
            <TextArea label="Forms and surveys" name="forms" value=d.forms error=errors.of("forms") hint="Ids, one a line." rows=3 mono=true optional=true />
            <TextArea label="Sites" name="sites" value=d.sites error=errors.of("sites") hint="Ids, one a line." rows=2 mono=true optional=true />
        </FormSection>
        {payload}
        <FormSection title="Delivery" about="A failed attempt is tried again after each of these pauses, ±10 %.">
            <RadioGroup label="Who waits" name="delivery" options=waits value=d.delivery error=errors.of("delivery") />
            <TextInput
                label="Timeout"
                name="timeout_seconds"
                value=d.timeout_seconds
                error=errors.of("timeout_seconds")
                inputmode="numeric"
                suffix="seconds, 1–30"
                short=true
            />
            <TextInput
                label="Retries after"
                name="retry_schedule"
                value=d.retry_schedule
                error=errors.of("retry_schedule")
                hint="At most 20, each like 30s, 5m, 2h or 1d. Empty for none."
                mono=true
            />
            <TextInput
                label="Requests at once"
                name="concurrency"
                value=d.concurrency
                error=errors.of("concurrency")
                inputmode="numeric"
                suffix="1–100"
                short=true
            />
            <TextInput
                label="Rate limit"
                name="rate_limit"
                value=d.rate_limit
                error=errors.of("rate_limit")
                inputmode="numeric"
                suffix="a second, 1–1,000"
                short=true
                optional=true
            />
        </FormSection>
        <FormSection title="Headers and Basic" about="For receivers that ask for more than the signature. Values are stored encrypted and not shown again.">
            <TextInput
                label="Token header"
                name="token_header"
                value=d.token_header
                error=errors.of("token_header")
                placeholder="X-Webhook-Token"
                hint="Its name. Empty for the format Infermedica: x-webhook-infermedica-token."
                mono=true
                optional=true
            />
            <PasswordInput label="Token" name="token_value" value=kept(&d.token_value) error=errors.of("token_value") autocomplete="off" optional=true />
            <TextInput label="Basic: e-mail or user" name="basic_user" value=d.basic_user error=errors.of("basic_user") optional=true />
            <PasswordInput
                label="Basic: password"
                name="basic_password"
                value=kept(&d.basic_password)
                error=errors.of("basic_password")
                autocomplete="off"
                optional=true
            />
            <TextArea
                label="More headers"
                name="headers"
                value=d.headers
                error=errors.of("headers")
                hint="At most 20, one Name: value a line. A value of dots keeps the stored one."
                rows=3
                mono=true
                optional=true
            />
        </FormSection>
    }
}

/// The mark for "keep", or nothing: a secret that was typed is not sent back.
fn kept(value: &str) -> String {
    if value == crate::model::webhook_draft::KEEP { value.to_owned() } else { String::new() }
}
