//! Webhooks as they are sent to the API, turned into the draft of the model, whose rules are the only ones.

use crate::error::AppError;
use crate::model::event_type::EventType;
use crate::model::problem::FieldErrors;
use crate::model::webhook::{Content, KeyCase, PayloadFormat, Webhook, WebhookMode, WebhookStatus};
use crate::model::webhook_draft::{KEEP, WebhookDraft, check_secret};
use crate::server::rest::extract::nullable;
use crate::server::rest::v1::resource::DeliveryMode;
use crate::server::service::webhooks::NewSecret;
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Which events of the chosen types count. An empty list means all.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterInput {
    /// Ids of forms and surveys.
    pub forms: Option<Vec<String>>,
    /// Ids of sites.
    pub sites: Option<Vec<String>>,
}

/// What the format leaves open. What is left out is the usual, or stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormatOptionsInput {
    /// `mydatahelps`: how keys are spelt; default `pascal`.
    #[schema(value_type = Option<KeyCase>)]
    pub key_case: Option<String>,
    /// `survey`: the header with the signature; empty or left out: `X-Webhook-Signature`.
    #[schema(example = "X-Webhook-Signature")]
    pub signature_header: Option<String>,
    /// `survey`: the header with the event's type; empty or left out: `X-Webhook-Event`.
    #[schema(example = "X-Webhook-Event")]
    pub event_header: Option<String>,
    /// `survey`: the header with the delivery's id; empty or left out: `X-Webhook-Delivery`.
    #[schema(example = "X-Webhook-Delivery")]
    pub delivery_header: Option<String>,
    /// Shown by the API, never taken by it: named, it is refused.
    #[schema(ignore)]
    pub legacy: Option<serde_json::Value>,
}

/// Unlike a form, which sends the fields of all formats, a request names a key case because it means it.
fn known_case(case: String, errors: &mut FieldErrors) -> String {
    if KeyCase::parse(&case).is_none() {
        errors.add("key_case", "must be pascal or camel");
    }
    case
}

/// A header that carries a token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenInput {
    /// The header's name.
    #[schema(example = "x-webhook-token")]
    pub name: String,
    /// The token. Left out in a change, the stored one stays.
    #[schema(example = "a-long-random-token")]
    pub value: Option<String>,
}

/// Basic authentication.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BasicInput {
    /// User, or e-mail.
    #[schema(example = "hooks@example.com")]
    pub user: String,
    /// Password. Left out in a change, the stored one stays.
    #[schema(example = "a-long-random-password")]
    pub password: Option<String>,
}

/// The members that a new webhook and a change have in common. What is left out is the default, or stays as it is.
macro_rules! inputs {
    ($(#[$doc:meta])* $name:ident { $($(#[$more_doc:meta])* $more:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Default, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$more_doc])* pub $more: $type,)*
            /// 1–200 characters, unique in the study.
            #[schema(example = "CTMS enrolment")]
            pub name: Option<String>,
            /// Absolute `https` URL of at most 2,000 characters whose host has public addresses only.
            #[schema(example = "https://ctms.example.com/hooks")]
            pub url: Option<String>,
            /// `active` (the default) or `inactive`.
            #[schema(value_type = Option<WebhookStatus>)]
            pub status: Option<String>,
            /// At least one type of the catalogue.
            #[schema(value_type = Option<Vec<EventType>>)]
            pub events: Option<Vec<String>>,
            /// Which events of those types count; default: all.
            pub filter: Option<FilterInput>,
            /// `standard` (the default), or that of the platform for which the receiver was built; one that speaks of all of the events.
            /// `infermedica` needs a token.
            #[schema(value_type = Option<PayloadFormat>)]
            pub format: Option<String>,
            /// What the format leaves open. A format reads its own part and ignores the rest.
            pub format_options: Option<FormatOptionsInput>,
            /// `id-only` (the default) or `full`, with which the event's whole data leaves the study.
            #[schema(value_type = Option<Content>)]
            pub content: Option<String>,
            /// `asynchronous` (the default), or `synchronous`: the save that causes an event waits for the answer, at most for the timeout.
            #[schema(value_type = Option<DeliveryMode>)]
            pub delivery: Option<String>,
            /// Seconds until an attempt is given up, 1–30; default 10.
            #[schema(example = 10)]
            pub timeout_seconds: Option<i64>,
            /// Seconds between attempts, at most 20 of them, each of 1 second to 7 days; default: ten, about 75 hours in all.
            #[schema(example = json!([5, 30, 300]))]
            pub retry_schedule: Option<Vec<i64>>,
            /// Attempts begun a second at most, 1–1,000; null (the default): no limit.
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<i64>)]
            pub rate_limit: Option<Option<i64>>,
            /// Requests at once, 1–100; default 10.
            #[schema(example = 10)]
            pub concurrency: Option<i64>,
            /// A header that carries a token; null: none.
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<TokenInput>)]
            pub token_header: Option<Option<TokenInput>>,
            /// Basic authentication; null: none.
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<BasicInput>)]
            pub basic: Option<Option<BasicInput>>,
            /// Custom headers, at most 20. In a change, a header that is not named stays, and one that is null goes; null for all of
            /// them removes all.
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<BTreeMap<String, Option<String>>>, example = json!({"x-tenant": "north"}))]
            pub headers: Option<Option<BTreeMap<String, Option<String>>>>,
        }

        impl $name {
            /// Lays what is named over a draft.
            fn overlay(self, draft: &mut WebhookDraft, errors: &mut FieldErrors) {
                let set = |slot: &mut String, value: Option<String>| {
                    if let Some(value) = value {
                        *slot = value;
                    }
                };
                set(&mut draft.name, self.name);
                set(&mut draft.url, self.url);
                set(&mut draft.status, self.status);
                set(&mut draft.format, self.format);
                set(&mut draft.content, self.content);
                set(&mut draft.delivery, self.delivery);
                let options = self.format_options.unwrap_or_default();
                set(&mut draft.key_case, options.key_case.map(|case| known_case(case, errors)));
                set(&mut draft.signature_header, options.signature_header);
                set(&mut draft.event_header, options.event_header);
                set(&mut draft.delivery_header, options.delivery_header);
                if options.legacy.is_some() {
                    errors.add("legacy", "is read-only: the operator sets it for webhooks that were moved here");
                }
                set(&mut draft.timeout_seconds, self.timeout_seconds.map(|n| n.to_string()));
                set(&mut draft.concurrency, self.concurrency.map(|n| n.to_string()));
                set(&mut draft.rate_limit, self.rate_limit.map(|n| n.map(|n| n.to_string()).unwrap_or_default()));
                set(&mut draft.retry_schedule, self.retry_schedule.map(|all| all.iter().map(i64::to_string).collect::<Vec<_>>().join(",")));
                if let Some(events) = self.events {
                    draft.events = events;
                }
                let filter = self.filter.unwrap_or_default();
                set(&mut draft.forms, filter.forms.map(|ids| list("forms", &ids, errors)));
                set(&mut draft.sites, filter.sites.map(|ids| list("sites", &ids, errors)));
                overlay_token(draft, self.token_header, errors);
                overlay_basic(draft, self.basic, errors);
                overlay_headers(draft, self.headers, errors);
            }
        }
    };
}

inputs! {
    /// A webhook to be made.
    WebhookNew {
        /// The signing secret, 16–500 characters. Left out, one is generated; null: nothing is signed.
        #[serde(default, deserialize_with = "nullable")]
        #[schema(value_type = Option<String>)]
        secret: Option<Option<String>>,
    }
}

inputs! {
    /// What to change of a webhook; what is not named stays as it is.
    WebhookPatch {
        /// The version that was read: when somebody changed the webhook since, nothing is changed (409). `If-Match` does the same.
        version: Option<i64>,
        /// `test`. No API key takes a webhook live; that is for an administrator.
        mode: Option<WebhookMode>,
    }
}

/// The draft holds ids as lines: one with a separator in it would become two.
fn list(field: &str, ids: &[String], errors: &mut FieldErrors) -> String {
    if ids.iter().any(|id| id.trim().is_empty() || id.contains([',', '\n', '\r'])) {
        errors.add(field, "an id has 1–200 characters, none of them a comma or a line break");
    }
    ids.join("\n")
}

fn overlay_token(draft: &mut WebhookDraft, token: Option<Option<TokenInput>>, errors: &mut FieldErrors) {
    match token {
        None => {}
        Some(None) => (draft.token_header, draft.token_value) = Default::default(),
        Some(Some(token)) => {
            if token.name.trim().is_empty() {
                errors.add("token_header", "a header's name is 1–100 letters, digits and hyphens");
            }
            draft.token_header = token.name;
            draft.token_value = token.value.unwrap_or_else(|| KEEP.to_owned());
        }
    }
}

fn overlay_basic(draft: &mut WebhookDraft, basic: Option<Option<BasicInput>>, errors: &mut FieldErrors) {
    match basic {
        None => {}
        Some(None) => (draft.basic_user, draft.basic_password) = Default::default(),
        Some(Some(basic)) => {
            if basic.user.trim().is_empty() {
                errors.add("basic_user", "must be 1–200 characters without a colon");
            }
            draft.basic_user = basic.user;
            draft.basic_password = basic.password.unwrap_or_else(|| KEEP.to_owned());
        }
    }
}

fn overlay_headers(draft: &mut WebhookDraft, headers: Option<Option<BTreeMap<String, Option<String>>>>, errors: &mut FieldErrors) {
    let Some(headers) = headers else { return };
    let Some(headers) = headers else {
        draft.headers.clear();
        return;
    };
    let named = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default().trim();
        headers.keys().any(|n| n.trim().eq_ignore_ascii_case(name))
    };
    let mut lines: Vec<String> = draft.headers.lines().filter(|line| !named(line)).map(str::to_owned).collect();
    for (name, value) in &headers {
        let Some(value) = value else { continue };
        // The draft holds a header a line: a line break or a colon would make another header of it.
        if name.contains([':', '\n', '\r']) || value.contains(['\n', '\r']) {
            errors.add("headers", "a header's name is 1–100 letters, digits and hyphens, and its value has no line break");
        } else {
            lines.push(format!("{name}: {value}"));
        }
    }
    draft.headers = lines.join("\n");
}

/// The draft's fields under the names that the API has for them.
pub fn api_names(error: AppError) -> AppError {
    let AppError::Invalid(mut errors) = error else { return error };
    for error in &mut errors {
        let name = match error.field.as_str() {
            "forms" => "filter.forms",
            "sites" => "filter.sites",
            "key_case" => "format_options.key_case",
            "signature_header" => "format_options.signature_header",
            "event_header" => "format_options.event_header",
            "delivery_header" => "format_options.delivery_header",
            "legacy" => "format_options.legacy",
            "token_header" => "token_header.name",
            "token_value" => "token_header.value",
            "basic_user" => "basic.user",
            "basic_password" => "basic.password",
            _ => continue,
        };
        name.clone_into(&mut error.field);
    }
    AppError::Invalid(errors)
}

/// Adds what the model finds wrong, so that everything is told at once.
fn checked(draft: WebhookDraft, mut errors: FieldErrors, http_allowed: bool) -> Result<WebhookDraft, AppError> {
    if errors.is_empty() {
        return Ok(draft);
    }
    for error in draft.check(http_allowed).err().map(|e| e.0).unwrap_or_default() {
        if errors.of(&error.field).is_none() {
            errors.0.push(error);
        }
    }
    Err(errors.into())
}

impl WebhookNew {
    /// The draft of the new webhook, and how it comes to its secret.
    ///
    /// # Errors
    /// What the draft cannot express, together with everything else that is wrong.
    pub fn draft(mut self, http_allowed: bool) -> Result<(WebhookDraft, NewSecret), AppError> {
        let (mut draft, mut errors) = (WebhookDraft::default(), FieldErrors::default());
        let secret = match self.secret.take() {
            None => NewSecret::Generate,
            Some(None) => NewSecret::None,
            Some(Some(given)) => {
                if let Err(message) = check_secret(&given) {
                    errors.add("secret", message);
                }
                draft.secret = given;
                NewSecret::Given
            }
        };
        self.overlay(&mut draft, &mut errors);
        Ok((checked(draft, errors, http_allowed)?, secret))
    }
}

impl WebhookPatch {
    /// The draft of the webhook with the changes laid over it.
    ///
    /// # Errors
    /// As [`WebhookNew::draft`].
    pub fn draft(self, webhook: &Webhook, http_allowed: bool) -> Result<WebhookDraft, AppError> {
        let (mut draft, mut errors) = (WebhookDraft::of(webhook), FieldErrors::default());
        if self.status.as_deref() == Some("disabled") && webhook.status != WebhookStatus::Disabled {
            errors.add("status", "must be active or inactive; only the engine disables");
        }
        self.overlay(&mut draft, &mut errors);
        checked(draft, errors, http_allowed)
    }
}
