//! `hookwell listen`: a receiver to try webhooks with. Takes any path, says what came and whether its signature is good, and fails on request.

use super::clock::{Clock, random_bytes};
use super::engine::signing::{SigningKey, verify};
use super::secret::Secret;
use crate::model::time::{SECOND, Timestamp};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;

/// How far a signature's timestamp may be from now, either way, in seconds: what the published libraries of Standard Webhooks take.
pub const TOLERANCE: i64 = 5 * 60;
/// Bytes of a body at most: far above what an event may have.
const BODY_MAX: usize = 16 * 1024 * 1024;
/// Where its behaviour is changed while it runs, with [`Options::control`].
const CONTROL: &str = "/_control";

/// How to receive.
pub struct Options {
    /// The webhook's secret, to verify signatures with. `None`: nothing is verified.
    pub secret: Option<Secret>,
    /// The status to answer what is not refused, 200–599.
    pub status: u16,
    /// How long to wait before answering.
    pub delay: Duration,
    /// Which part of the requests to answer 500 instead, from 0 to 1.
    pub fail_rate: f64,
    /// Whether `PUT /_control?status=500` (also `delay_ms`, `fail_rate`) changes these, and `GET /_control` tells the counts.
    pub control: bool,
    /// For the age of signatures.
    pub clock: Clock,
    /// A random number in [0, 1), for `fail_rate`.
    pub chance: Box<dyn FnMut() -> f64 + Send>,
    /// Where each request is told.
    pub out: Box<dyn Write + Send>,
}

impl Options {
    /// Answers 204 at once, verifies nothing, tells standard output.
    pub fn new(clock: Clock) -> Self {
        Self {
            secret: None,
            status: 204,
            delay: Duration::ZERO,
            fail_rate: 0.0,
            control: false,
            clock,
            chance: Box::new(|| f64::from(u32::from_le_bytes(random_bytes())) / (f64::from(u32::MAX) + 1.0)),
            out: Box::new(std::io::stdout()),
        }
    }
}

/// What came, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Requests, all of them.
    pub requests: u64,
    /// Those whose `webhook-id` had come before.
    pub duplicates: u64,
    /// Those refused for their signature.
    pub refused: u64,
}

struct Receiver {
    options: Options,
    keys: Vec<SigningKey>,
    counts: Counts,
    /// How often each `webhook-id` came.
    seen: HashMap<String, u64>,
}

type Shared = Arc<Mutex<Receiver>>;

/// Receives until `shutdown` ends and the requests in flight are answered; what came, in numbers.
///
/// # Errors
/// The listener's own.
pub async fn serve(
    listener: TcpListener,
    options: Options,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<Counts> {
    let keys = options.secret.iter().map(SigningKey::from_secret).collect();
    let receiver = Arc::new(Mutex::new(Receiver { options, keys, counts: Counts::default(), seen: HashMap::new() }));
    let app = Router::new().fallback(receive).layer(DefaultBodyLimit::max(BODY_MAX)).with_state(receiver.clone());
    axum::serve(listener, app).with_graceful_shutdown(shutdown).await?;
    Ok(lock(&receiver).counts)
}

fn lock(receiver: &Shared) -> std::sync::MutexGuard<'_, Receiver> {
    // A poisoned lock only means that another request panicked; the counts are still good.
    receiver.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn receive(State(receiver): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let (status, delay) = {
        let mut receiver = lock(&receiver);
        if receiver.options.control && uri.path() == CONTROL {
            return receiver.control(&method, uri.query().unwrap_or_default());
        }
        (receiver.take(&method, &uri, &headers, &body), receiver.options.delay)
    };
    tokio::time::sleep(delay).await;
    status.into_response()
}

impl Receiver {
    /// Judges, counts and tells one request.
    fn take(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> StatusCode {
        let now = self.options.clock.now();
        let id = header(headers, "webhook-id");
        let verdict = self.judge(now, headers, body);
        self.counts.requests += 1;
        let mut times = 1;
        if let Some(id) = &id {
            let seen = self.seen.entry(id.clone()).or_default();
            *seen += 1;
            times = *seen;
            self.counts.duplicates += u64::from(times > 1);
        }
        // Refused as a careful receiver would, so that a wrong secret is seen at both ends.
        let status = if verdict.is_err() {
            self.counts.refused += 1;
            StatusCode::UNAUTHORIZED
        } else if self.options.fail_rate > 0.0 && (self.options.chance)() < self.options.fail_rate {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::from_u16(self.options.status).unwrap_or(StatusCode::NO_CONTENT)
        };
        let verdict = match verdict {
            Ok(text) => text.to_owned(),
            Err(text) => format!("REFUSED: {text}"),
        };
        let repeat = if times > 1 { format!("  (came {times} times)") } else { String::new() };
        let json = serde_json::from_slice::<Value>(body).ok();
        let event_type = json.as_ref().and_then(|v| v.get("type").or_else(|| v.get("eventType")).or_else(|| v.get("event_type"))?.as_str());
        let mut block = format!("── {now}  {method} {uri}  → {}\n", status.as_u16());
        for (name, value) in [
            ("event", event_type.unwrap_or("–").to_owned()),
            ("id", format!("{}{repeat}", id.as_deref().unwrap_or("–"))),
            ("signature", verdict),
        ] {
            // A String takes any text.
            let _ = writeln!(block, "   {name:<10}{}", printable(&value));
        }
        let text = match json {
            Some(json) => serde_json::to_string_pretty(&json).unwrap_or_default(),
            None => printable(&String::from_utf8_lossy(body)),
        };
        for line in text.lines() {
            let _ = writeln!(block, "   {line}");
        }
        // Nobody may read any more: the answer is what matters.
        let _ = writeln!(self.options.out, "{block}").and_then(|()| self.options.out.flush());
        status
    }

    /// What is to be said of the signature, or why the request is refused.
    fn judge(&self, now: Timestamp, headers: &HeaderMap, body: &[u8]) -> Result<&'static str, String> {
        if self.keys.is_empty() {
            return Ok("not checked (no --secret)");
        }
        let of = |name: &str| header(headers, name).ok_or_else(|| format!("there is no {name} header"));
        let (id, timestamp, signature) = (of("webhook-id")?, of("webhook-timestamp")?, of("webhook-signature")?);
        let seconds: i64 = timestamp.parse().map_err(|_| "webhook-timestamp is not a whole number of seconds".to_owned())?;
        let age = now.seconds().saturating_sub(seconds);
        if age.saturating_abs() > TOLERANCE {
            let way = if age > 0 { "ago" } else { "ahead" };
            let distance = crate::model::time::human_duration(age.saturating_abs().saturating_mul(SECOND));
            return Err(format!("the timestamp is {distance} {way}; at most 5 min are taken"));
        }
        if verify(&signature, &self.keys, &id, seconds, body) {
            Ok("good")
        } else {
            Err("the signature is not by this secret over this body".to_owned())
        }
    }

    fn control(&mut self, method: &Method, query: &str) -> Response {
        if method == Method::PUT {
            for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
                let done = match &*name {
                    "status" => value.parse().ok().filter(|status| (200..=599).contains(status)).map(|status| self.options.status = status),
                    "delay_ms" => value.parse().ok().map(|millis| self.options.delay = Duration::from_millis(millis)),
                    "fail_rate" => value.parse().ok().filter(|rate| (0.0..=1.0).contains(rate)).map(|rate| self.options.fail_rate = rate),
                    _ => None,
                };
                if done.is_none() {
                    let message = "takes status (200 to 599), delay_ms (a whole number) and fail_rate (0 to 1)\n";
                    return (StatusCode::BAD_REQUEST, message).into_response();
                }
            }
        } else if method != Method::GET {
            return StatusCode::METHOD_NOT_ALLOWED.into_response();
        }
        axum::Json(self.counts).into_response()
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Without what would move a terminal's cursor or change its colours: the sender is not trusted.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::engine::signing::sign;
    use axum::http::Request;
    use tokio::sync::oneshot;

    /// Where a test reads what was told.
    #[derive(Clone, Default)]
    struct Told(Arc<Mutex<Vec<u8>>>);

    impl Write for Told {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("not poisoned").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Told {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("text")
        }
    }

    const NOW: i64 = 1_700_000_000;

    fn receiver(change: impl FnOnce(&mut Options)) -> (Receiver, Told) {
        let told = Told::default();
        let mut options = Options::new(Clock::manual(Timestamp(NOW * SECOND)));
        options.out = Box::new(told.clone());
        change(&mut options);
        let keys = options.secret.iter().map(SigningKey::from_secret).collect();
        (Receiver { options, keys, counts: Counts::default(), seen: HashMap::new() }, told)
    }

    fn post(receiver: &mut Receiver, headers: &[(&str, &str)], body: &str) -> u16 {
        let mut request = Request::post("/hooks/1?x=2");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        receiver.take(&parts.method, &parts.uri, &parts.headers, body.as_bytes()).as_u16()
    }

    #[test]
    fn a_signed_request_is_told_and_counted() {
        let secret = Secret::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
        let key = SigningKey::from_secret(&secret);
        let (mut receiver, told) = receiver(|o| o.secret = Some(secret));
        let body = r#"{"type":"form.completed","data":{"a":1}}"#;
        let signed = |at: i64| {
            [
                ("webhook-id", "dlv_1".to_owned()),
                ("webhook-timestamp", at.to_string()),
                ("webhook-signature", sign(&key, "dlv_1", at, body.as_bytes())),
            ]
        };
        let mut send = |at: i64, body: &str| {
            let headers = signed(at);
            post(&mut receiver, &headers.each_ref().map(|(name, value)| (*name, value.as_str())), body)
        };
        assert_eq!(send(NOW, body), 204);
        assert_eq!(send(NOW - TOLERANCE, body), 204);
        assert_eq!(send(NOW - TOLERANCE - 1, body), 401);
        assert_eq!(send(NOW + TOLERANCE + 1, body), 401);
        assert_eq!(send(NOW, r#"{"type":"form.completed","data":{"a":2}}"#), 401);
        assert_eq!(post(&mut receiver, &[], body), 401);
        assert_eq!(receiver.counts, Counts { requests: 6, duplicates: 4, refused: 4 });
        let told = told.text();
        let first = "── 2023-11-14T22:13:20.000Z  POST /hooks/1?x=2  → 204\n   event     form.completed\n   id        dlv_1\n   signature good\n   {\n     \"data\": {\n";
        assert!(told.starts_with(first), "{told}");
        for line in [
            "   id        dlv_1  (came 2 times)\n",
            "   signature REFUSED: the timestamp is 5 min 1 s ago; at most 5 min are taken\n",
            "   signature REFUSED: the timestamp is 5 min 1 s ahead; at most 5 min are taken\n",
            "   signature REFUSED: the signature is not by this secret over this body\n",
            "   signature REFUSED: there is no webhook-id header\n",
        ] {
            assert!(told.contains(line), "{line} in {told}");
        }
    }

    #[test]
    fn it_fails_as_often_as_asked_and_keeps_the_terminal_clean() {
        let mut rolls = [0.1, 0.3, 0.2, 0.9].into_iter();
        let (mut receiver, told) = receiver(|o| {
            o.status = 202;
            o.fail_rate = 0.25;
            o.chance = Box::new(move || rolls.next().unwrap_or(1.0));
        });
        let statuses: Vec<u16> = (0..4).map(|_| post(&mut receiver, &[], "\u{1b}[31mred\u{7}")).collect();
        assert_eq!(statuses, [500, 202, 500, 202]);
        assert!(!told.text().contains('\u{1b}') && told.text().contains("[31mred"));
        assert!(told.text().contains("not checked (no --secret)"));
    }

    #[tokio::test]
    async fn it_serves_is_controlled_and_stops() {
        let told = Told::default();
        let mut options = Options::new(Clock::manual(Timestamp(NOW * SECOND)));
        (options.out, options.control) = (Box::new(told.clone()), true);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("bound");
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(serve(listener, options, async move {
            let _ = stopped.await;
        }));
        assert!(ask(address, "POST /a", "hello").await.starts_with("HTTP/1.1 204"));
        assert!(ask(address, "PUT /_control?status=503&delay_ms=1&fail_rate=0", "").await.starts_with("HTTP/1.1 200"));
        assert!(ask(address, "POST /b", "hello").await.starts_with("HTTP/1.1 503"));
        for wrong in ["status=99", "status=600", "fail_rate=2", "delay_ms=-1", "x=1"] {
            assert!(ask(address, &format!("PUT /_control?{wrong}"), "").await.starts_with("HTTP/1.1 400"), "{wrong}");
        }
        assert!(ask(address, "GET /_control", "").await.ends_with(r#"{"requests":2,"duplicates":0,"refused":0}"#));
        let _ = stop.send(());
        assert_eq!(serving.await.expect("no panic").expect("no error"), Counts { requests: 2, ..Counts::default() });
        assert_eq!(told.text().matches("   hello\n").count(), 2);
    }

    async fn ask(address: std::net::SocketAddr, line: &str, body: &str) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("connects");
        let request = format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answered");
        answer
    }
}
