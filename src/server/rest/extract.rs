//! Reading requests: who asks, ids in paths, queries, and JSON bodies, each with its problem.

use super::problem::Problem;
use crate::error::{AppError, invalid, not_found};
use crate::model::id::{
    DeliveryId, EventId, FormId, ImportId, ParticipantId, RecordId, ReplayId, ResponseId, ScheduleId, SiteId, WebhookId,
};
use crate::server::auth::{Actor, Asker, api_key};
use crate::server::state::App;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::{HeaderMap, header, request::Parts};
use bytes::Bytes;
use serde::de::{Deserialize, DeserializeOwned};

/// Bytes of a body at most, unless the path says otherwise.
pub const BODY_MAX: usize = 64 * 1024;

/// The platform whose key the request carries.
pub struct ApiActor(pub Actor);

impl FromRequestParts<App> for ApiActor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|h| h.to_str().ok());
        let key = api_key::authenticate(&app.store, authorization, app.clock.now()).await?;
        let mut db = app.store.read().await.map_err(AppError::from)?;
        Ok(Self(Actor::key(&mut db, key, Asker::of(parts)).await?))
    }
}

/// An id that stands in paths.
pub trait Noun: std::str::FromStr {
    /// What it names, as people say it.
    const NOUN: &'static str;
}

impl Noun for WebhookId {
    const NOUN: &'static str = "webhook";
}
impl Noun for DeliveryId {
    const NOUN: &'static str = "delivery";
}
impl Noun for ReplayId {
    const NOUN: &'static str = "replay";
}
impl Noun for EventId {
    const NOUN: &'static str = "event";
}
impl Noun for SiteId {
    const NOUN: &'static str = "site";
}
impl Noun for ParticipantId {
    const NOUN: &'static str = "participant";
}
impl Noun for ImportId {
    const NOUN: &'static str = "import";
}
impl Noun for FormId {
    const NOUN: &'static str = "form";
}
impl Noun for ResponseId {
    const NOUN: &'static str = "response";
}
impl Noun for RecordId {
    const NOUN: &'static str = "record";
}
impl Noun for ScheduleId {
    const NOUN: &'static str = "schedule";
}

/// The id in the path. One that is not of its kind's form names nothing: 404.
pub struct Id<T>(pub T);

impl<S: Send + Sync, T: Noun + Send> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await.map(|path| path.0).unwrap_or_default();
        Ok(Self(text.parse().map_err(|_| not_found(T::NOUN))?))
    }
}

/// The query. What it does not know is named.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(query) => Ok(Self(query.0)),
            Err(rejection) => {
                let text = std::error::Error::source(&rejection).map_or_else(|| rejection.body_text(), ToString::to_string);
                Err(match quoted_member(&text) {
                    Some(name) => invalid(&name, say(&text)).into(),
                    None => AppError::Malformed(format!("The query cannot be read: {text}.")).into(),
                })
            }
        }
    }
}

/// A JSON body of at most so many bytes.
pub struct Json<T, const MOST: usize = BODY_MAX>(pub T);

impl<S: Send + Sync, T: DeserializeOwned, const MOST: usize> FromRequest<S> for Json<T, MOST> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        media_type(request.headers(), &["application/json", "application/merge-patch+json"])?;
        Ok(Self(parse(&read_body(request, MOST).await?)?))
    }
}

/// A JSON body that may be left out.
pub struct MaybeJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for MaybeJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let typed = media_type(request.headers(), &["application/json"]);
        let body = read_body(request, BODY_MAX).await?;
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(T::default()));
        }
        typed?;
        Ok(Self(parse(&body)?))
    }
}

/// The body's media type, which must be one of `known`.
///
/// # Errors
/// 415.
pub fn media_type(headers: &HeaderMap, known: &[&'static str]) -> Result<&'static str, Problem> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|h| h.to_str().ok()).unwrap_or_default();
    let bare = sent.split(';').next().unwrap_or_default().trim();
    let found = known.iter().find(|k| k.eq_ignore_ascii_case(bare));
    let wanted = || format!("Send the body with Content-Type {}.", known.join(", "));
    found.copied().ok_or_else(|| Problem::MediaType(wanted()))
}

/// Reads a body of at most `most` bytes.
///
/// # Errors
/// 413, and 400 when the connection broke off.
pub async fn read_body(request: Request, most: usize) -> Result<Bytes, Problem> {
    let too_large =
        || Problem::App(AppError::TooLarge(format!("The body has more than {} KiB, which is the most that is taken.", most / 1024)));
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|h| h.to_str().ok()).and_then(|h| h.parse::<usize>().ok());
    if announced.is_some_and(|n| n > most) {
        return Err(too_large());
    }
    axum::body::to_bytes(request.into_body(), most).await.map_err(|error| {
        let over = std::error::Error::source(&error).is_some_and(|e| e.to_string().contains("length limit"));
        if over { too_large() } else { AppError::Malformed("The body broke off before its end.".to_owned()).into() }
    })
}

/// Reads JSON: 400 with line and column for what is not JSON, 422 with the member's name for what does not fit.
///
/// # Errors
/// As said.
pub fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => misfit(body, &error).into(),
        _ => AppError::Malformed(format!("The body is not JSON: {error}.")).into(),
    })
}

fn misfit(body: &[u8], error: &serde_json::Error) -> AppError {
    let text = error.to_string();
    let place = place_of(body, error.line(), error.column());
    let field = match quoted_member(&text) {
        // The place of a missing member is its object's; that of a superfluous one is itself already.
        Some(name) if text.starts_with("missing field") && !place.is_empty() => format!("{place}.{name}"),
        Some(name) if place.is_empty() => name,
        _ if place.is_empty() => "body".to_owned(),
        _ => place,
    };
    invalid(&field, say(&text))
}

/// The member that an error of serde's names.
fn quoted_member(text: &str) -> Option<String> {
    let named = ["unknown field `", "missing field `", "duplicate field `"].iter().find_map(|start| text.split_once(start))?.1;
    named.split_once('`').map(|(name, _)| name.to_owned())
}

/// What would be right, from an error of serde's. The value that was sent is not repeated: it may be a secret.
fn say(text: &str) -> String {
    let text = text.rsplit_once(" at line ").map_or(text, |(text, _)| text);
    let expected = text.rsplit_once(", expected ").map(|(_, expected)| expected.trim_end_matches('.'));
    match expected {
        _ if text.contains("missing field") => "is missing".to_owned(),
        _ if text.contains("duplicate field") => "is there twice".to_owned(),
        Some(expected) if text.contains("unknown field") => format!("is not known here; expected {expected}"),
        Some("i64" | "u32" | "u8") => "must be a whole number".to_owned(),
        Some("a sequence") => "must be an array".to_owned(),
        Some("a map") => "must be an object".to_owned(),
        Some(expected) if expected.starts_with("struct ") => "must be an object".to_owned(),
        Some(expected) => format!("must be {expected}"),
        None => text.to_owned(),
    }
}

/// The path of the JSON member that ends at this line and column (from 1, in bytes), such as `filter.forms[2]`.
fn place_of(body: &[u8], line: usize, column: usize) -> String {
    let start: usize = body.split_inclusive(|b| *b == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    let end = (start + column).min(body.len());
    enum Frame {
        Object(Option<String>),
        Array(usize),
    }
    let (mut frames, mut at) = (Vec::<Frame>::new(), 0);
    while at < end {
        match body[at] {
            // An opening bracket at the very end is itself the value that does not fit.
            b'{' if at + 1 < end => frames.push(Frame::Object(None)),
            b'[' if at + 1 < end => frames.push(Frame::Array(0)),
            b'}' | b']' => {
                frames.pop();
            }
            b',' => match frames.last_mut() {
                Some(Frame::Array(index)) => *index += 1,
                Some(Frame::Object(key)) => *key = None,
                None => {}
            },
            b'"' => {
                let from = at;
                at += 1;
                while at < end && body[at] != b'"' {
                    at += if body[at] == b'\\' { 2 } else { 1 };
                }
                if let Some(Frame::Object(key @ None)) = frames.last_mut() {
                    *key = serde_json::from_slice(&body[from..(at + 1).min(body.len())]).ok();
                }
            }
            _ => {}
        }
        at += 1;
    }
    let mut path = String::new();
    for frame in frames {
        match frame {
            Frame::Object(Some(key)) if path.is_empty() => path = key,
            Frame::Object(Some(key)) => path = format!("{path}.{key}"),
            Frame::Object(None) => {}
            Frame::Array(index) => path = format!("{path}[{index}]"),
        }
    }
    path
}

/// Tells a member that is `null` from one that is not there.
pub fn nullable<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        list: Vec<String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Outer {
        inner: Option<Inner>,
        number: Option<i64>,
        text: Option<String>,
    }

    fn wrong(body: &str) -> String {
        match parse::<Outer>(body.as_bytes()).expect_err(body) {
            Problem::App(error) => error.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place_and_without_its_value() {
        for (body, said) in [
            (r#"{"inner": {"list": ["a", 5]}}"#, "inner.list[1]: must be a string"),
            (r#"{"inner": {"list": "x"}}"#, "inner.list: must be an array"),
            (r#"{"inner": {}}"#, "inner.list: is missing"),
            (r#"{"inner": {"list": [], "more": 1}}"#, "inner.more: is not known here; expected `list`"),
            ("{\n \"number\": 1.5}", "number: must be a whole number"),
            (r#"{"text": {"a": 1}}"#, "text: must be a string"),
            (r#"{"text": "\"{", "number": "secret"}"#, "number: must be a whole number"),
            (r#"{"txet": 1}"#, "txet: is not known here; expected one of `inner`, `number`, `text`"),
            (r#"{"text": "a", "text": "b"}"#, "text: is there twice"),
        ] {
            assert_eq!(wrong(body), said, "{body}");
        }
        assert_eq!(wrong("{\n \"text\": }"), "The body is not JSON: expected value at line 2 column 10.");
    }
}
