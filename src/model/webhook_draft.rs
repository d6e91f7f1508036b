//! A webhook as a person types it or a platform sends it, and every rule about it that needs no network (PRODUCT.md §2).

mod format_options;

use super::event_type::EventType;
use super::problem::FieldErrors;
use super::retry_schedule::RetrySchedule;
use super::webhook::{Content, EventFilter, FormatOptions, KeyCase, PayloadFormat, Webhook, WebhookSettings, WebhookStatus};
use serde::{Deserialize, Serialize};

/// [`WebhookDraft::delivery`]: the save goes on at once.
pub const ASYNCHRONOUS: &str = "asynchronous";
/// [`WebhookDraft::delivery`]: the save waits for the answer.
pub const SYNCHRONOUS: &str = "synchronous";

/// What stands in a form for a stored value that is not shown; sent back unchanged it means "keep".
pub const KEEP: &str = "••••••••";

/// A webhook as typed into the form or sent to the API, not checked yet. All text, so that what was typed can be shown again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebhookDraft {
    /// See [`WebhookSettings::name`].
    pub name: String,
    /// See [`WebhookSettings::url`].
    pub url: String,
    /// `active` or `inactive`.
    pub status: String,
    /// Names of event types.
    pub events: Vec<String>,
    /// Form and survey ids, separated by commas or new lines.
    pub forms: String,
    /// Site ids, likewise.
    pub sites: String,
    /// A [`PayloadFormat`].
    pub format: String,
    /// A [`KeyCase`].
    pub key_case: String,
    /// Names of the headers of `survey`: signature, event, delivery. Empty: the usual ones.
    pub signature_header: String,
    /// See [`FormatOptions::event_header`].
    pub event_header: String,
    /// See [`FormatOptions::delivery_header`].
    pub delivery_header: String,
    /// A [`Content`].
    pub content: String,
    /// `asynchronous` or `synchronous`.
    pub delivery: String,
    /// Whole seconds.
    pub timeout_seconds: String,
    /// As [`RetrySchedule::parse`] reads it.
    pub retry_schedule: String,
    /// A whole number, or empty.
    pub rate_limit: String,
    /// A whole number.
    pub concurrency: String,
    /// The secret, where one is pasted; empty: generated for a new webhook, kept for an old one.
    pub secret: String,
    /// Name of the token's header; empty: none, or [`INFERMEDICA_TOKEN_HEADER`] where that is the format.
    pub token_header: String,
    /// The token; [`KEEP`] keeps it.
    pub token_value: String,
    /// E-mail or user of Basic authentication; empty: none.
    pub basic_user: String,
    /// Its password; [`KEEP`] keeps it.
    pub basic_password: String,
    /// Custom headers, one `Name: value` a line; a value of [`KEEP`] keeps it.
    pub headers: String,
}

impl Default for WebhookDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            url: String::new(),
            status: WebhookStatus::Active.as_str().to_owned(),
            events: Vec::new(),
            forms: String::new(),
            sites: String::new(),
            format: PayloadFormat::Standard.as_str().to_owned(),
            key_case: KeyCase::Pascal.as_str().to_owned(),
            signature_header: FormatOptions::default().signature_header,
            event_header: FormatOptions::default().event_header,
            delivery_header: FormatOptions::default().delivery_header,
            content: Content::IdOnly.as_str().to_owned(),
            delivery: ASYNCHRONOUS.to_owned(),
            timeout_seconds: "10".to_owned(),
            retry_schedule: RetrySchedule::default().text(),
            rate_limit: String::new(),
            concurrency: "10".to_owned(),
            secret: String::new(),
            token_header: String::new(),
            token_value: String::new(),
            basic_user: String::new(),
            basic_password: String::new(),
            headers: String::new(),
        }
    }
}

impl std::fmt::Debug for WebhookDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What was typed may hold secrets.
        f.debug_struct("WebhookDraft").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a draft asks for of the credentials, checked. `Change::Keep` leaves what is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialsChange {
    /// The secret.
    pub secret: Change<String>,
    /// Token header: name and value; `None`: none.
    pub token: Option<(String, Change<String>)>,
    /// Basic: user and password; `None`: none.
    pub basic: Option<(String, Change<String>)>,
    /// Custom headers.
    pub headers: Vec<(String, Change<String>)>,
}

/// A new value, or the stored one.
#[derive(Clone, PartialEq, Eq)]
pub enum Change<T> {
    /// As stored.
    Keep,
    /// This.
    Set(T),
}

impl WebhookDraft {
    /// A draft of an existing webhook, to edit. Values that are not shown stand as [`KEEP`].
    pub fn of(webhook: &Webhook) -> Self {
        let s = &webhook.settings;
        let shown = &webhook.credentials;
        let kept = |there: bool| {
            if there { KEEP.to_owned() } else { String::new() }
        };
        Self {
            name: s.name.clone(),
            url: s.url.clone(),
            status: webhook.status.as_str().to_owned(),
            events: s.events.iter().map(|e| e.name().to_owned()).collect(),
            forms: s.filter.forms.join("\n"),
            sites: s.filter.sites.join("\n"),
            format: s.format.as_str().to_owned(),
            key_case: s.format_options.key_case.as_str().to_owned(),
            signature_header: s.format_options.signature_header.clone(),
            event_header: s.format_options.event_header.clone(),
            delivery_header: s.format_options.delivery_header.clone(),
            content: s.content.as_str().to_owned(),
            delivery: if s.synchronous { SYNCHRONOUS } else { ASYNCHRONOUS }.to_owned(),
            timeout_seconds: s.timeout_seconds.to_string(),
            retry_schedule: s.retry_schedule.text(),
            rate_limit: s.rate_limit.map(|n| n.to_string()).unwrap_or_default(),
            concurrency: s.concurrency.to_string(),
            secret: String::new(),
            token_header: shown.token_header.clone().unwrap_or_default(),
            token_value: kept(shown.token_header.is_some()),
            basic_user: shown.basic_user.clone().unwrap_or_default(),
            basic_password: kept(shown.basic_user.is_some()),
            headers: shown.header_names.iter().map(|n| format!("{n}: {KEEP}")).collect::<Vec<_>>().join("\n"),
        }
    }

    /// The same without anything secret, to keep in a session while the person mends an error.
    pub fn without_secrets(mut self) -> Self {
        self.secret = String::new();
        for value in [&mut self.token_value, &mut self.basic_password] {
            if value != KEEP {
                value.clear();
            }
        }
        self.headers = self
            .headers
            .lines()
            .map(|line| match line.split_once(':') {
                Some((name, value)) if value.trim() != KEEP => format!("{name}: "),
                _ => line.to_owned(),
            })
            .collect::<Vec<_>>()
            .join("\n");
        self
    }

    /// Checks every field, so that a person sees everything that is wrong at once.
    ///
    /// # Errors
    /// Each wrong field with what would be right (PRODUCT.md §2).
    pub fn check(&self, http_allowed: bool) -> Result<(WebhookSettings, WebhookStatus, CredentialsChange), FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = self.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 200 {
            errors.add("name", "must be 1–200 characters");
        }
        let url = match check_url(&self.url, http_allowed) {
            Ok(url) => url,
            Err(message) => {
                errors.add("url", message);
                String::new()
            }
        };
        let secret = match self.secret.trim() {
            "" => Change::Keep,
            secret => {
                if let Err(message) = check_secret(secret) {
                    errors.add("secret", message);
                }
                Change::Set(secret.to_owned())
            }
        };
        let status = match WebhookStatus::parse(&self.status) {
            Some(status @ (WebhookStatus::Active | WebhookStatus::Inactive)) => status,
            // A webhook that the engine disabled is edited as such, and stays so.
            Some(WebhookStatus::Disabled) => WebhookStatus::Disabled,
            None => {
                errors.add("status", "must be active or inactive");
                WebhookStatus::Inactive
            }
        };
        let events = self.check_events(&mut errors);
        let filter =
            EventFilter { forms: check_ids("forms", &self.forms, &mut errors), sites: check_ids("sites", &self.sites, &mut errors) };
        let format = PayloadFormat::parse(&self.format).unwrap_or_else(|| {
            errors
                .add("format", format!("must be one of {}", PayloadFormat::ALL.iter().map(|f| f.as_str()).collect::<Vec<_>>().join(", ")));
            PayloadFormat::Standard
        });
        if let Some(event) = events.iter().find(|e| !format.speaks_of(**e)) {
            errors.add("format", format!("{} has no body for {}; choose another format, or other events", format.label(), event.name()));
        }
        let format_options = self.check_format_options(format, &mut errors);
        let synchronous = match self.delivery.as_str() {
            ASYNCHRONOUS => false,
            SYNCHRONOUS => true,
            _ => {
                errors.add("delivery", "must be asynchronous or synchronous");
                false
            }
        };
        let content = Content::parse(&self.content).unwrap_or_else(|| {
            errors.add("content", "must be id-only or full");
            Content::IdOnly
        });
        let timeout_seconds = check_number("timeout_seconds", &self.timeout_seconds, 1, 30, &mut errors);
        let retry_schedule = RetrySchedule::parse(&self.retry_schedule).unwrap_or_else(|message| {
            errors.add("retry_schedule", message);
            RetrySchedule::default()
        });
        let rate_limit = match self.rate_limit.trim() {
            "" => None,
            text => Some(check_number("rate_limit", text, 1, 1000, &mut errors)),
        };
        let concurrency = check_number("concurrency", &self.concurrency, 1, 100, &mut errors);
        let token = self.check_token(format, &mut errors);
        let basic = self.check_basic(&mut errors);
        let headers = self.check_headers(&mut errors);
        if format == PayloadFormat::Survey {
            format_options::check_names(&format_options, token.as_ref(), &headers, &mut errors);
        }
        errors.into_result(|| {
            let settings = WebhookSettings {
                name,
                url,
                events,
                filter,
                format,
                format_options,
                content,
                synchronous,
                timeout_seconds,
                retry_schedule,
                rate_limit,
                concurrency,
            };
            (settings, status, CredentialsChange { secret, token, basic, headers })
        })
    }

    fn check_events(&self, errors: &mut FieldErrors) -> Vec<EventType> {
        if self.events.is_empty() {
            errors.add("events", "choose at least one event");
        }
        for name in &self.events {
            match EventType::parse(name) {
                Some(t) if t.can_be_subscribed() => {}
                Some(_) => errors.add("events", format!("{name} is sent by Send sample only and cannot be subscribed to")),
                None => errors.add("events", format!("{name:?} is not an event type; see the catalogue at /api/v1/event-types")),
            }
        }
        EventType::ALL.iter().copied().filter(|t| self.events.iter().any(|n| n == t.name())).collect()
    }

    fn check_token(&self, format: PayloadFormat, errors: &mut FieldErrors) -> Option<(String, Change<String>)> {
        let mut name = self.token_header.trim();
        if format == PayloadFormat::Infermedica {
            if name.is_empty() {
                name = INFERMEDICA_TOKEN_HEADER;
            }
            if self.token_value.trim().is_empty() {
                errors.add("token_value", "is needed: receivers of this format tell by it that a request is genuine");
                return None;
            }
        }
        if name.is_empty() {
            if !matches!(self.token_value.trim(), "" | KEEP) {
                errors.add("token_header", "name the header that carries the token");
            }
            return None;
        }
        if let Err(message) = check_header_name(name) {
            errors.add("token_header", message);
        }
        Some((name.to_owned(), check_header_value("token_value", &self.token_value, errors)))
    }

    fn check_basic(&self, errors: &mut FieldErrors) -> Option<(String, Change<String>)> {
        let user = self.basic_user.trim();
        if user.is_empty() {
            if !matches!(self.basic_password.as_str(), "" | KEEP) {
                errors.add("basic_user", "give the e-mail or user that belongs to the password");
            }
            return None;
        }
        if user.contains(':') || user.chars().any(char::is_control) || user.chars().count() > 200 {
            errors.add("basic_user", "must be 1–200 characters without a colon");
        }
        let password = self.basic_password.as_str();
        if password.is_empty() || password.chars().any(char::is_control) || password.chars().count() > 500 {
            errors.add("basic_password", "must be 1–500 characters");
        }
        Some((user.to_owned(), if password == KEEP { Change::Keep } else { Change::Set(password.to_owned()) }))
    }

    fn check_headers(&self, errors: &mut FieldErrors) -> Vec<(String, Change<String>)> {
        let mut headers: Vec<(String, Change<String>)> = Vec::new();
        for (index, line) in self.headers.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
            let Some((name, value)) = line.split_once(':') else {
                errors.add("headers", format!("line {}: write it as Name: value", index + 1));
                continue;
            };
            let name = name.trim();
            if let Err(message) = check_header_name(name) {
                errors.add("headers", format!("line {}: {message}", index + 1));
            } else if headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name)) || name.eq_ignore_ascii_case(self.token_header.trim()) {
                errors.add("headers", format!("line {}: {name} is there twice", index + 1));
            }
            headers.push((name.to_owned(), check_header_value("headers", value, errors)));
        }
        if headers.len() > HEADERS_MAX {
            errors.add("headers", format!("has {} headers; at most {HEADERS_MAX} are possible", headers.len()));
        }
        if self.basic_user.trim() != "" && headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("authorization")) {
            errors.add("headers", "Authorization is set by Basic authentication already");
        }
        headers
    }
}

/// The header that carries the token of `infermedica`, unless another is named.
pub const INFERMEDICA_TOKEN_HEADER: &str = "x-webhook-infermedica-token";
/// Custom headers at most.
pub const HEADERS_MAX: usize = 20;
/// Characters of a URL at most.
pub const URL_MAX: usize = 2000;

/// Checks what can be said of a URL without a look-up; gives it in its normal form.
///
/// # Errors
/// A sentence that says what would be right.
pub fn check_url(text: &str, http_allowed: bool) -> Result<String, String> {
    let text = text.trim();
    let example = "such as https://ctms.example.com/hooks";
    if text.is_empty() {
        return Err(format!("give the address that receives the events, {example}"));
    }
    if text.chars().count() > URL_MAX {
        return Err(format!("has {} characters; at most {URL_MAX} are possible", text.chars().count()));
    }
    let url = url::Url::parse(text).map_err(|e| format!("is not an absolute URL ({e}); give one {example}"))?;
    match url.scheme() {
        "https" => {}
        "http" if http_allowed => {}
        "http" => {
            return Err("must begin with https:// (this installation does not allow plain http)".to_owned());
        }
        other => {
            return Err(format!("begins with {other}:, but must begin with https://"));
        }
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(format!("has no host; give one {example}"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or password; use Basic authentication below".to_owned());
    }
    if url.fragment().is_some() {
        return Err("must not hold a fragment (#…): it is never sent".to_owned());
    }
    Ok(url.into())
}

/// Checks a pasted secret: 16–500 visible ASCII characters. Never repeats it.
///
/// # Errors
/// A sentence that says what would be right.
pub fn check_secret(secret: &str) -> Result<(), String> {
    let count = secret.chars().count();
    if !(16..=500).contains(&count) {
        return Err(format!("has {count} characters; it must have 16–500"));
    }
    if !secret.chars().all(|c| c.is_ascii_graphic()) {
        return Err("must be letters, digits and signs without spaces".to_owned());
    }
    Ok(())
}

/// Headers that belong to HTTP, to the format or to the signature, and cannot be set by hand.
const RESERVED: &[&str] = &[
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "proxy-authorization",
    "proxy-connection",
    "user-agent",
    "accept-encoding",
    "cookie",
    "traceparent",
    "tracestate",
];

fn check_header_name(name: &str) -> Result<(), String> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || name.len() > 100 || !name.bytes().all(token) {
        return Err("a header's name is 1–100 letters, digits and hyphens".to_owned());
    }
    let lower = name.to_ascii_lowercase();
    if RESERVED.contains(&lower.as_str()) || lower.starts_with("webhook-") {
        return Err(format!("{name} is set by Hookwell and cannot be changed"));
    }
    Ok(())
}

fn check_header_value(field: &str, value: &str, errors: &mut FieldErrors) -> Change<String> {
    let value = value.trim();
    if value == KEEP {
        return Change::Keep;
    }
    if value.is_empty() || value.len() > 2000 || !value.bytes().all(|b| b == b'\t' || (b' '..=b'~').contains(&b)) {
        errors.add(field, "a value is 1–2,000 visible ASCII characters");
    }
    Change::Set(value.to_owned())
}

fn check_number(field: &str, text: &str, least: u32, most: u32, errors: &mut FieldErrors) -> u32 {
    match text.trim().parse::<u32>() {
        Ok(n) if (least..=most).contains(&n) => n,
        _ => {
            errors.add(field, format!("must be a whole number from {least} to {most}"));
            least
        }
    }
}

fn check_ids(field: &str, text: &str, errors: &mut FieldErrors) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in text.split([',', '\n']).map(str::trim).filter(|id| !id.is_empty()) {
        if id.chars().count() > 200 {
            errors.add(field, "an id has at most 200 characters");
        } else if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    if ids.len() > 200 {
        errors.add(field, format!("has {} ids; at most 200 are possible", ids.len()));
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;

    fn good() -> WebhookDraft {
        WebhookDraft {
            name: "CTMS".into(),
            url: "https://ctms.example.com/hooks".into(),
            events: vec!["form.completed".into(), "participant.created".into()],
            ..WebhookDraft::default()
        }
    }

    fn error_of(change: impl FnOnce(&mut WebhookDraft)) -> (String, String) {
        let mut draft = good();
        change(&mut draft);
        let Err(errors) = draft.check(false) else { panic!("accepted") };
        assert_eq!(errors.0.len(), 1, "{errors:?}");
        (errors.0[0].field.clone(), errors.0[0].message.clone())
    }

    #[test]
    fn a_good_draft_has_the_defaults_of_the_product() {
        let Ok((settings, status, change)) = good().check(false) else { panic!("refused") };
        assert_eq!(settings.events, [EventType::ParticipantCreated, EventType::FormCompleted]);
        assert_eq!((settings.timeout_seconds, settings.concurrency, settings.rate_limit), (10, 10, None));
        assert_eq!(settings.retry_schedule.total() / SECOND / 3600, 75);
        assert_eq!(settings.content, Content::IdOnly);
        assert_eq!(status, WebhookStatus::Active);
        assert!(change.secret == Change::Keep && change.headers.is_empty());
    }

    #[test]
    fn each_rule_names_its_field() {
        type Case = (&'static str, Box<dyn FnOnce(&mut WebhookDraft)>);
        let cases: Vec<Case> = vec![
            ("name", Box::new(|d| d.name = "  ".into())),
            ("name", Box::new(|d| d.name = "x".repeat(201))),
            ("url", Box::new(|d| d.url = "ctms.example.com/hooks".into())),
            ("url", Box::new(|d| d.url = "http://ctms.example.com/".into())),
            ("url", Box::new(|d| d.url = "ftp://ctms.example.com/".into())),
            ("url", Box::new(|d| d.url = "https://user:pw@ctms.example.com/".into())),
            ("url", Box::new(|d| d.url = "https://ctms.example.com/#x".into())),
            ("url", Box::new(|d| d.url = format!("https://ctms.example.com/{}", "x".repeat(2000)))),
            ("secret", Box::new(|d| d.secret = "x".repeat(15))),
            ("secret", Box::new(|d| d.secret = "x".repeat(501))),
            ("status", Box::new(|d| d.status = "on".into())),
            ("events", Box::new(|d| d.events.clear())),
            ("events", Box::new(|d| d.events = vec!["form.completed".into(), "form.finished".into()])),
            ("events", Box::new(|d| d.events.push("webhook.test".into()))),
            ("format", Box::new(|d| d.format = "xml".into())),
            ("content", Box::new(|d| d.content = "all".into())),
            ("timeout_seconds", Box::new(|d| d.timeout_seconds = "31".into())),
            ("timeout_seconds", Box::new(|d| d.timeout_seconds = "0".into())),
            ("retry_schedule", Box::new(|d| d.retry_schedule = "soon".into())),
            ("retry_schedule", Box::new(|d| d.retry_schedule = ["1s"; 21].join(","))),
            ("retry_schedule", Box::new(|d| d.retry_schedule = "8d".into())),
            ("rate_limit", Box::new(|d| d.rate_limit = "0".into())),
            ("concurrency", Box::new(|d| d.concurrency = "101".into())),
            ("token_header", Box::new(|d| d.token_value = "abc".into())),
            (
                "token_header",
                Box::new(|d| {
                    d.token_header = "Host".into();
                    d.token_value = "abc".into()
                }),
            ),
            ("token_value", Box::new(|d| d.token_header = "X-Token".into())),
            ("basic_password", Box::new(|d| d.basic_user = "a@example.com".into())),
            ("basic_user", Box::new(|d| d.basic_password = "secret".into())),
            ("token_value", Box::new(|d| (d.format, d.events) = ("infermedica".into(), vec!["survey.completed".into()]))),
            ("format", Box::new(|d| d.format = "trialkit".into())),
            ("delivery", Box::new(|d| d.delivery = String::new())),
            ("headers", Box::new(|d| d.headers = "X-One".into())),
            ("headers", Box::new(|d| d.headers = "webhook-id: 1".into())),
            ("headers", Box::new(|d| d.headers = "X-One: 1\nx-one: 2".into())),
            ("headers", Box::new(|d| d.headers = (0..21).map(|i| format!("X-{i}: 1\n")).collect())),
        ];
        for (field, change) in cases {
            assert_eq!(error_of(change).0, field);
        }
    }

    #[test]
    fn no_secret_is_repeated_and_none_is_kept_in_a_draft() {
        let mut draft = good();
        draft.secret = "canary-secret".into();
        draft.token_header = "X-Token".into();
        draft.token_value = "canary-token\u{7}".into();
        draft.basic_password = "canary-password".into();
        draft.headers = "X-One: canary-header\nX-Two: ••••••••".into();
        let Err(errors) = draft.check(false) else { panic!("accepted") };
        assert!(!format!("{errors:?}{draft:?}").contains("canary"), "{errors:?}");
        let kept = draft.without_secrets();
        assert!(!serde_json::to_string(&kept).unwrap_or_default().contains("canary"));
        assert_eq!(kept.headers, "X-One: \nX-Two: ••••••••");
    }
}
