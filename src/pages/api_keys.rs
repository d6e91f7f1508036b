//! The API keys of a study.

use super::frame::{Console, Frame};
use crate::islands::CopyButton;
use crate::model::api_key::{ApiKey, ApiKeyDraft};
use crate::model::permission::Scope;
use crate::model::problem::FieldErrors;
use crate::model::time::Timestamp;
use crate::ui::{
    Badge, Banner, CheckboxGroup, Choice, CodeBlock, ConfirmForm, DataTable, EmptyState, ErrorSummary, FormActions, FormErrors, NavKey,
    PageHead, Panel, TextInput, TimeTag, Tone,
};
use leptos::prelude::*;

/// Keys, and a form for another.
#[component]
pub fn ApiKeysPage(
    /// Who and where.
    frame: Frame,
    /// The keys.
    keys: Vec<ApiKey>,
    /// A new key's secret, on the one view that shows it.
    secret: Option<String>,
    /// The new key as typed.
    draft: ApiKeyDraft,
    /// What is wrong with it.
    errors: FieldErrors,
) -> impl IntoView {
    let now = frame.now;
    let path = frame.current.as_ref().map(|s| format!("/s/{}/settings/api-keys", s.study.slug)).unwrap_or_default();
    let errors = FormErrors::new(errors);
    let shown = secret.map(|secret| {
        view! {
            <Banner tone=Tone::Success title="This is the key. It is shown this once: copy it now.">
                <CodeBlock label="API key" text=secret.clone() wrap=true>
                    <CopyButton text=secret label="Copy".to_owned() />
                </CodeBlock>
            </Banner>
        }
    });
    let scopes = Scope::ALL.iter().map(|s| Choice::new(s.as_str(), s.as_str()).hint(s.describe())).collect();
    let rows = keys.iter().map(|key| row(key, now, &path)).collect_view();
    let list = if keys.is_empty() {
        view! {
            <EmptyState icon="key" title="No API keys yet">
                <p>"A platform publishes events with a key. Make one below with the scope "<code>"events:write"</code>"."</p>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <DataTable label="API keys" columns=&["Name", "Begins with", "Scopes", "State", "Last used", ""]>{rows}</DataTable>
        }
        .into_any()
    };
    view! {
        <Console frame=frame nav=NavKey::ApiKeys>
            <PageHead title="API keys" lead="How platforms sign in to publish events and to manage webhooks." />
            <ErrorSummary errors=errors title="The key was not made." />
            <div class="stack">
                {shown}
                <Panel title="Keys" flush=true>{list}</Panel>
                <Panel title="New key">
                    <form class="stack" method="post" action=path>
                        <TextInput label="Name" name="name" value=draft.name error=errors.of("name") placeholder="EDC production" required=true maxlength=100 />
                        <CheckboxGroup label="Scopes" name="scopes" options=scopes values=draft.scopes error=errors.of("scopes") />
                        <TextInput
                            label="Expires in"
                            name="expires_in_days"
                            value=draft.expires_in_days
                            error=errors.of("expires_in_days")
                            inputmode="numeric"
                            suffix="days"
                            hint="1–3650; empty for a key that does not expire."
                            short=true
                            optional=true
                        />
                        <FormActions>
                            <button class="button primary" type="submit">"Create the key"</button>
                        </FormActions>
                    </form>
                </Panel>
            </div>
        </Console>
    }
}

fn row(key: &ApiKey, now: Timestamp, path: &str) -> impl IntoView + use<> {
    let works = key.revoked_at.is_none() && key.expires_at.is_none_or(|at| at > now);
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => view! { <Badge tone=Tone::Neutral label="Revoked" title=at.human() /> },
        (None, Some(at)) if at <= now => view! { <Badge tone=Tone::Neutral label="Expired" title=at.human() /> },
        (None, Some(at)) => view! { <Badge tone=Tone::Success label=format!("Until {}", at.human().get(..10).unwrap_or_default()) /> },
        (None, None) => view! { <Badge tone=Tone::Success label="Active" /> },
    };
    let used = match key.last_used_at {
        Some(at) => view! { <TimeTag t=at now=now /> }.into_any(),
        None => view! { <span class="muted">"Never"</span> }.into_any(),
    };
    let revoke = works.then(|| {
        view! {
            <ConfirmForm
                id=key.id.to_string()
                action=format!("{path}/{}/revoke", key.id)
                label="Revoke"
                submit="Revoke the key"
                danger=true
                end=true
            >
                <p>"Whatever uses this key is refused at once, for good."</p>
            </ConfirmForm>
        }
    });
    let scopes = key.scopes.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(", ");
    view! {
        <tr>
            <td><strong>{key.name.clone()}</strong></td>
            <td data-label="Begins with"><code>{format!("{}…", key.hint)}</code></td>
            <td data-label="Scopes">{scopes}</td>
            <td class="card-corner">{state}</td>
            <td class="nowrap" data-label="Last used">{used}</td>
            <td>{revoke}</td>
        </tr>
    }
}
