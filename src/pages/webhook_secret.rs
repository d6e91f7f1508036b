//! A webhook's secret: shown once, then a fingerprint; rotation; how to verify.

use super::frame::{Frame, webhook_path};
use super::snippets::{HEX_SNIPPETS, SNIPPETS, Snippet};
use super::webhook::{About, WebhookFrame, WebhookTab};
use crate::islands::CopyButton;
use crate::model::payload_variant::PayloadVariant;
use crate::model::problem::FieldErrors;
use crate::model::webhook::WebhookSettings;
use crate::ui::{
    Banner, CodeBlock, Definition, DefinitionList, Disclosure, ErrorSummary, FormActions, FormErrors, Panel, PasswordInput, TextInput,
    TimeTag, Tone,
};
use leptos::prelude::*;

/// The secret's page.
#[component]
pub fn SecretPage(
    /// Who and where.
    frame: Frame,
    /// What it is about.
    about: About,
    /// The secret, on the one view that shows it.
    secret: Option<String>,
    /// Hours of overlap as typed.
    overlap: String,
    /// What is wrong with the form.
    errors: FieldErrors,
) -> impl IntoView {
    let now = frame.now;
    let path = webhook_path(&about.study, &about.webhook.id);
    let shown = about.webhook.credentials.clone();
    let errors = FormErrors::new(errors);
    let once = secret.map(|secret| {
        view! {
            <Banner tone=Tone::Success title="This is the secret. It is shown this once: give it to the receiver now.">
                <CodeBlock label="Secret key" text=secret.clone() wrap=true>
                    <CopyButton text=secret label="Copy".to_owned() />
                </CodeBlock>
            </Banner>
        }
    });
    let present = match (shown.secret_fingerprint, shown.secret_set_at) {
        (Some(fingerprint), Some(at)) => {
            let overlap = shown.previous_secret_until.filter(|until| *until > now).map(|until| {
                view! {
                    <Definition term="The one before">
                        "signs too, for another " {crate::model::time::human_duration(until.since(now))} ", until " <TimeTag t=until />
                    </Definition>
                }
            });
            view! {
                <DefinitionList>
                    <Definition term="Fingerprint"><code>{fingerprint}</code></Definition>
                    <Definition term="Set"><TimeTag t=at now=now /></Definition>
                    {overlap}
                </DefinitionList>
            }
            .into_any()
        }
        _ => view! { <p>"This webhook has no secret: nothing is signed. Set one below."</p> }.into_any(),
    };
    let snippets = disclosed(SNIPPETS);
    let own = hex_signature(&about.webhook.settings);
    let rotate = about.webhook.archived_at.is_none().then(|| {
        view! {
            <Panel title="Rotate">
                <form class="stack" method="post" action=format!("{path}/secret")>
                    <PasswordInput
                        label="New secret key"
                        name="secret"
                        hint="Leave it empty and one is generated, or paste 16–500 characters."
                        error=errors.of("secret")
                        autocomplete="off"
                        optional=true
                    />
                    <TextInput
                        label="The old one signs too for"
                        name="overlap_hours"
                        value=overlap
                        error=errors.of("overlap_hours")
                        inputmode="numeric"
                        suffix="hours, 0–168"
                        hint="Until the receiver has the new one. Each message carries both signatures meanwhile."
                        short=true
                    />
                    <FormActions>
                        <button class="button primary" type="submit">"Rotate the secret"</button>
                    </FormActions>
                </form>
            </Panel>
        }
    });
    view! {
        <WebhookFrame frame=frame about=about tab=WebhookTab::Secret>
            <ErrorSummary errors=errors title="The secret was not changed." />
            {once}
            <Panel title="Secret key">{present}</Panel>
            {rotate}
            <Panel title="How a receiver verifies">
                <p>
                    "The signature follows Standard Webhooks: HMAC-SHA256 of "<code>"webhook-id.webhook-timestamp.body"</code>
                    " in the header "<code>"webhook-signature"</code>". The published libraries do it:"
                </p>
                {snippets}
                <p class="small muted">
                    "A secret that is valid base64, with or without "<code>"whsec_"</code>
                    ", is used decoded, as those libraries do; any other text as it is."
                </p>
            </Panel>
            {own}
        </WebhookFrame>
    }
}

fn disclosed(snippets: &'static [Snippet]) -> impl IntoView + use<> {
    snippets
        .iter()
        .map(|s| {
            view! {
                <Disclosure summary=s.language>
                    <CodeBlock label=s.file text=s.code.to_owned()>
                        <CopyButton text=s.code.to_owned() label="Copy".to_owned() />
                    </CodeBlock>
                </Disclosure>
            }
        })
        .collect_view()
}

/// The signature that the format `survey` has beside that of Standard Webhooks.
fn hex_signature(settings: &WebhookSettings) -> Option<impl IntoView + use<>> {
    let PayloadVariant::Survey { signature_header, .. } = settings.variant() else { return None };
    let snippets = disclosed(HEX_SNIPPETS);
    Some(view! {
        <Panel title="The format’s own signature">
            <p>
                "Or by the header "<code>{signature_header}</code>": "<code>"sha256="</code>
                " and HMAC-SHA256 of the body in hexadecimal. The key is the secret’s text as it stands, "<code>"whsec_"</code>" included."
            </p>
            {snippets}
            <p class="small muted">
                "This header has room for one signature: from a rotation on it is the new secret’s, whatever the overlap. A receiver that verifies by \
                 this header must know the new one by then: paste it here after the receiver has it."
            </p>
        </Panel>
    })
}
