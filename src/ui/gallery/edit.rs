//! A long form, composed: summary of errors, sections, actions.

use crate::model::event_type::EventType;
use crate::model::problem::FieldErrors;
use crate::model::retry_schedule::RetrySchedule;
use crate::model::webhook::{Content, PayloadFormat, WebhookStatus};
use crate::model::webhook_draft::KEEP;
use crate::ui::*;
use leptos::prelude::*;

/// What the fields are called, for the summary of errors.
const LABELS: &[(&str, &str)] =
    &[("name", "Name"), ("url", "URL"), ("events", "Events"), ("timeout_seconds", "Timeout"), ("retry_schedule", "Retry schedule")];

#[component]
pub fn EditMock() -> impl IntoView {
    let mut errors = FieldErrors::default();
    errors.add("url", "must begin with https:// (this installation does not allow plain http)");
    errors.add("timeout_seconds", "must be a whole number from 1 to 30");
    let errors = FormErrors::new(errors);
    let events = EventType::ALL
        .iter()
        .filter(|e| e.can_be_subscribed())
        .map(|e| {
            let example = serde_json::to_string_pretty(&e.example()).unwrap_or_default();
            Choice::new(e.name(), e.name()).hint(e.description()).example(example)
        })
        .collect::<Vec<_>>();
    view! {
        <PageHead title="Edit webhook" lead="CTMS enrolment feed" />
        <form class="stack" method="post" action="/api/save_webhook">
            <ErrorSummary errors=errors labels=LABELS />
            <div>
                <FormSection title="Where to" about="The address that receives the events, and what you call it.">
                    <TextInput label="Name" name="name" value="CTMS enrolment feed" required=true maxlength=200u32 error=errors.of("name") />
                    <TextInput
                        label="URL"
                        name="url"
                        kind="url"
                        value="http://ctms.example.com/hooks/enrolment"
                        hint="An absolute https address. It must be reachable from here; private addresses are refused."
                        required=true
                        mono=true
                        error=errors.of("url")
                    />
                    <RadioGroup
                        label="Status"
                        name="status"
                        value=WebhookStatus::Active.as_str()
                        options=vec![
                            Choice::new("active", "Active").hint("Its events trigger it."),
                            Choice::new("inactive", "Inactive").hint("Nothing triggers it. What was accepted before waits."),
                        ]
                    />
                </FormSection>
                <FormSection title="Events" about="What triggers it. Open an example to see what is sent.">
                    <CheckboxGroup
                        label="Events"
                        name="events"
                        options=events
                        values=vec!["form.completed".into(), "participant.created".into()]
                        error=errors.of("events")
                    />
                    <TextArea
                        label="Forms and surveys"
                        name="forms"
                        optional=true
                        mono=true
                        hint="Ids, one a line. Leave it empty for all."
                        value="ae-report\ncon-meds"
                    />
                </FormSection>
                <FormSection title="What is sent" about="How an event becomes bytes, and how much of it leaves the study.">
                    <Select
                        label="Format"
                        name="format"
                        options=PayloadFormat::ALL.iter().map(|f| Choice::new(f.as_str(), f.label())).collect()
                        value="standard"
                    />
                    <RadioGroup
                        label="Content"
                        name="content"
                        value=Content::Full.as_str()
                        options=vec![
                            Choice::new("id-only", "Identifiers only").hint("The receiver asks for the rest."),
                            Choice::new("full", "Full data").hint("The whole event."),
                        ]
                    />
                    <Banner tone=Tone::Warning title="Full data leaves the study">
                        <p>"Answers of forms and surveys are sent to ctms.example.com."</p>
                    </Banner>
                </FormSection>
                <FormSection title="Secret and credentials" about="All of it is stored encrypted, and shown once.">
                    <PasswordInput
                        label="Secret"
                        name="secret"
                        optional=true
                        autocomplete="off"
                        hint="Leave it empty to keep the present one (a1b2c3d4e5f6, set 12 days ago)."
                    />
                    <div class="grid-fields">
                        <TextInput label="Token header" name="token_header" optional=true mono=true value="X-Site-Token" />
                        <PasswordInput label="Token" name="token_value" optional=true autocomplete="off" value=KEEP />
                    </div>
                    <TextArea label="Custom headers" name="headers" optional=true mono=true hint="One a line: Name: value" />
                </FormSection>
                <FormSection title="Delivery" about="How long to wait, and how often to try.">
                    <div class="grid-fields">
                        <TextInput
                            label="Timeout"
                            name="timeout_seconds"
                            kind="text"
                            inputmode="numeric"
                            value="45"
                            suffix="seconds"
                            short=true
                            error=errors.of("timeout_seconds")
                        />
                        <TextInput label="Rate limit" name="rate_limit" inputmode="numeric" optional=true suffix="a second" short=true />
                        <TextInput label="Parallel requests" name="concurrency" inputmode="numeric" value="10" short=true />
                    </div>
                    <TextInput
                        label="Retry schedule"
                        name="retry_schedule"
                        mono=true
                        value=RetrySchedule::default().text()
                        hint="Pauses between attempts, about 75 hours in all. Each varies by a tenth."
                        error=errors.of("retry_schedule")
                    />
                    <Checkbox label="Wait for the answer" name="synchronous" hint="The save that causes the event waits for the receiver, up to the timeout." />
                </FormSection>
            </div>
            <FormActions>
                <button class="button primary" type="submit">
                    "Save"
                </button>
                <a class="button quiet" href="?page=deliveries">
                    "Cancel"
                </a>
            </FormActions>
        </form>
    }
}
