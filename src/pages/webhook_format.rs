//! The part of a webhook's form that is about its payload: the format, what it leaves open, what leaves the study.

use crate::model::event_type::EventType;
use crate::model::webhook::{Content, FormatOptions, KeyCase, PayloadFormat};
use crate::model::webhook_draft::WebhookDraft;
use crate::ui::{Choice, FormErrors, FormSection, RadioGroup, TextInput};
use leptos::prelude::*;

/// What a format is for, in the words that its people know.
fn hint(format: PayloadFormat) -> String {
    let text = match format {
        PayloadFormat::Standard => {
            "CloudEvents 1.0 JSON, signed as Standard Webhooks. WeGuide’s receivers take it too: give the Secret Key that they ask for as a \
             token header, under Headers and Basic below."
        }
        PayloadFormat::Mydatahelps => {
            "MyDataHelps Designer: survey answers are submitted, or a schedule is triggered for a participant. EventType, \
             ParticipantIdentifier, ParticipantID, ProjectID, and the survey’s or the schedule’s."
        }
        PayloadFormat::Trialkit => {
            "TrialKit hooks: save of a new record, update of an existing record, review level changes. The record ID, form ID and form name. \
             An e-mail and password under Basic are not required, but suggested."
        }
        PayloadFormat::Infermedica => {
            "Infermedica Intake: event_type survey_created or survey_finished, and content. Each request contains the header \
             x-webhook-infermedica-token with the Token that you give below."
        }
        PayloadFormat::Survey => {
            "Survey webhooks: survey.response_completed, when a response is completed. With a secret, an HMAC-SHA256 signature over the body."
        }
    };
    let events = format.event_types();
    if events.len() == EventType::ALL.len() {
        return format!("{text} For every event.");
    }
    format!("{text} For: {}.", events.into_iter().map(EventType::label).collect::<Vec<_>>().join(", "))
}

/// The sections. `legacy`: the webhook that is edited is a legacy one.
pub(super) fn sections(draft: &WebhookDraft, errors: FormErrors, legacy: bool) -> impl IntoView + use<> {
    let d = draft.clone();
    let usual = FormatOptions::default();
    let formats = PayloadFormat::ALL.iter().map(|f| Choice::new(f.as_str(), f.label()).hint(hint(*f))).collect();
    let contents = vec![
        Choice::new(Content::IdOnly.as_str(), Content::IdOnly.label())
            .hint("Who and what, never answers: the receiver asks for more where it may."),
        Choice::new(Content::Full.as_str(), Content::Full.label()).hint(
            "Everything that the event holds leaves the study, answers and other health data included. MyDataHelps, TrialKit and \
             Infermedica have room for identifiers alone.",
        ),
    ];
    let cases = vec![
        Choice::new(KeyCase::Pascal.as_str(), KeyCase::Pascal.label()).hint("As MyDataHelps writes them."),
        Choice::new(KeyCase::Camel.as_str(), KeyCase::Camel.label()),
    ];
    let legacy = legacy.then(|| {
        view! {
            <p class="hint">
                "This is a legacy webhook: as a MyDataHelps one it sends "<code>"PatientIdentifier"</code>" and "<code>"PatientID"</code>
                " too. Only the operator of this installation changes that."
            </p>
        }
    });
    view! {
        <FormSection title="Payload" about="How an event becomes a request, and how much of it leaves the study.">
            <RadioGroup label="Format" name="format" options=formats value=d.format error=errors.of("format") />
            <RadioGroup label="What is sent" name="content" options=contents value=d.content error=errors.of("content") />
        </FormSection>
        <FormSection
            title="Format options"
            about="What MyDataHelps and Survey webhooks leave open. The fields of a format that is not chosen are ignored."
        >
            <RadioGroup label="MyDataHelps: keys" name="key_case" options=cases value=d.key_case error=errors.of("key_case") />
            {legacy}
            <TextInput
                label="Survey: signature header"
                name="signature_header"
                value=d.signature_header
                error=errors.of("signature_header")
                placeholder=usual.signature_header
                hint="sha256= and the HMAC-SHA256 of the body in hexadecimal, keyed by the secret’s text. Not sent without a secret."
                mono=true
                optional=true
            />
            <TextInput
                label="Survey: event header"
                name="event_header"
                value=d.event_header
                error=errors.of("event_header")
                placeholder=usual.event_header
                mono=true
                optional=true
            />
            <TextInput
                label="Survey: delivery header"
                name="delivery_header"
                value=d.delivery_header
                error=errors.of("delivery_header")
                placeholder=usual.delivery_header
                hint="Its value is the same for every attempt of a delivery."
                mono=true
                optional=true
            />
        </FormSection>
    }
}
