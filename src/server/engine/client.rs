//! The outbound client: the only one, so that nothing is sent around the address guard.
//!
//! One pool of kept connections serves all webhooks. Names are looked up by the guard ([`AddressPolicy`]), which hands on exactly the addresses
//! that it checked; a literal address never comes to a resolver and is checked before the request.

mod failure;
#[cfg(test)]
mod tests;

use super::address::AddressPolicy;
use crate::model::delivery::{FailureKind, Timing};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::cell::Cell;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tower::{Layer, Service};

/// Bytes of an answer's body that are kept, and of its headers (PRODUCT.md §7).
pub const BODY_KEPT: usize = 16 * 1024;
/// Bytes of an answer's body that are read at most. Reading on past what is kept lets a connection be used again after a chatty answer; an
/// answer longer than this is taken not to end.
pub const BODY_MAX: usize = 1024 * 1024;
/// How long a connection is kept without use. Most receivers close theirs after 60 s or more; to close first avoids sending into a closing one.
const IDLE: Duration = Duration::from_secs(30);
/// Kept connections a host at most.
const IDLE_PER_HOST: usize = 32;

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The extra certificates are not PEM.
    #[error("The extra root certificates cannot be read: they must be certificates in PEM form.")]
    Roots(#[source] reqwest::Error),
    /// No root certificates on this machine, or a user agent that is not a header's value.
    #[error("The outbound HTTP client cannot be made ({}). Are the system's root certificates (ca-certificates) installed?", failure::root(.0))]
    Build(#[source] reqwest::Error),
}

/// A request to send: a POST.
#[derive(Clone)]
pub struct Outgoing {
    /// Absolute, http or https.
    pub url: String,
    /// All headers but `host`, `content-length` and `user-agent`, credentials included.
    pub headers: Vec<(String, String)>,
    /// The body, exactly.
    pub body: Bytes,
    /// For everything, from the look-up to the answer's last byte.
    pub timeout: Duration,
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL and the headers may hold credentials, and the body is a person's health.
        f.debug_struct("Outgoing").field("bytes", &self.body.len()).field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// How it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// How long each part took. `dns` and `connect` are `None` where a kept connection served.
    pub timing: Timing,
    /// The address that answered.
    pub remote: Option<SocketAddr>,
    /// A 2xx answer, or why not.
    pub result: Result<Answer, Failure>,
}

impl Exchange {
    /// The answer, be it a success or not.
    pub fn answer(&self) -> Option<&Answer> {
        match &self.result {
            Ok(answer) => Some(answer),
            Err(failure) => failure.answer.as_ref(),
        }
    }
}

/// An answer, or as much of it as came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, names lowercased, not masked. The first [`BODY_KEPT`] bytes of them.
    pub headers: Vec<(String, String)>,
    /// The first [`BODY_KEPT`] bytes of its body. What is not UTF-8, and NUL, which PostgreSQL does not store, stands as U+FFFD.
    pub body: String,
    /// Whether more came, or should have come, than is in `body`.
    pub truncated: bool,
}

impl Answer {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Why it is not a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which kind.
    pub kind: FailureKind,
    /// A sentence for a person. Holds no credentials: of the URL the host alone.
    pub message: String,
    /// What was answered, where something was.
    pub answer: Option<Answer>,
}

/// Sends requests. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Outbound {
    policy: Arc<AddressPolicy>,
    client: reqwest::Client,
}

impl Outbound {
    /// A client that calls only what the policy allows and trusts the system's root certificates.
    ///
    /// # Errors
    /// [`ClientError::Build`].
    pub fn new(policy: Arc<AddressPolicy>, user_agent: &str) -> Result<Self, ClientError> {
        Self::with_extra_roots(policy, user_agent, b"")
    }

    /// The same, and trusts these root certificates too (PEM, any number): those of an organisation's own authority.
    ///
    /// # Errors
    /// [`ClientError`].
    #[expect(clippy::disallowed_methods, reason = "this is the outbound client with the address guard")]
    pub fn with_extra_roots(policy: Arc<AddressPolicy>, user_agent: &str, pem: &[u8]) -> Result<Self, ClientError> {
        let roots = reqwest::Certificate::from_pem_bundle(pem).map_err(ClientError::Roots)?;
        let client = reqwest::Client::builder()
            .user_agent(user_agent)
            .dns_resolver(Guarded(policy.clone()))
            .connector_layer(TimedLayer)
            .tls_certs_merge(roots)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            // A shared HTTP/2 connection that went dead silently would fail every request until TCP gives up, minutes later.
            .http2_keep_alive_interval(Duration::from_secs(10))
            .http2_keep_alive_timeout(Duration::from_secs(5))
            .http2_keep_alive_while_idle(true)
            .build()
            .map_err(ClientError::Build)?;
        Ok(Self { policy, client })
    }

    /// Sends one request and reads its answer. Never longer than its timeout, whatever the receiver does.
    ///
    /// A status other than 2xx is what counts, however its body then ends; trouble with the body makes a failure of a 2xx alone.
    pub async fn send(&self, outgoing: Outgoing) -> Exchange {
        MARKS.scope(Cell::default(), self.exchange(outgoing)).await
    }

    async fn exchange(&self, outgoing: Outgoing) -> Exchange {
        let started = Instant::now();
        let timeout = outgoing.timeout;
        let mut exchange =
            Exchange { timing: Timing::default(), remote: None, result: Err(Failure::of(FailureKind::Protocol, String::new())) };
        exchange.result = match self.prepare(outgoing) {
            Ok(request) => self.run(request, started, timeout, &mut exchange).await,
            Err(failure) => Err(failure),
        };
        let marks = marks();
        // An answer without a connection made for it came over a kept one, though a look-up may have begun meanwhile.
        let reused = exchange.answer().is_some() && marks.connect.is_none();
        exchange.timing.dns = marks.dns.filter(|_| !reused).map(micros);
        exchange.timing.connect = marks.connect.map(micros);
        exchange.timing.total = micros(started.elapsed());
        exchange
    }

    /// Everything that can be found wrong before anything is sent.
    fn prepare(&self, outgoing: Outgoing) -> Result<reqwest::Request, Failure> {
        let broken = |message: &str| Failure::of(FailureKind::Protocol, message.to_owned());
        let url = url::Url::parse(&outgoing.url).map_err(|_| broken("The URL cannot be read."))?;
        let host = url.host().filter(|_| matches!(url.scheme(), "http" | "https"));
        let host = host.ok_or_else(|| broken("The URL must begin with https:// or http://."))?;
        self.policy.check_url_host(&host).map_err(|blocked| Failure::of(FailureKind::BlockedAddress, blocked.to_string()))?;
        let mut headers = HeaderMap::with_capacity(outgoing.headers.len());
        for (name, value) in &outgoing.headers {
            let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str())) else {
                return Err(broken(&format!(
                    "The header {name:?} cannot be sent: its name or value has characters that HTTP does not allow."
                )));
            };
            value.set_sensitive(true);
            headers.append(name, value);
        }
        let request = self.client.post(url).headers(headers).body(outgoing.body).build();
        request.map_err(|_| broken("The request cannot be made from this URL and these headers."))
    }

    async fn run(
        &self,
        request: reqwest::Request,
        started: Instant,
        timeout: Duration,
        exchange: &mut Exchange,
    ) -> Result<Answer, Failure> {
        let host = request.url().host_str().unwrap_or_default().to_owned();
        let deadline = started + timeout;
        let mut response = match timeout_at(deadline, self.client.execute(request)).await {
            Err(_) => return Err(Failure::of(FailureKind::Timeout, marks().phase.too_long(&host, timeout))),
            Ok(Err(error)) => return Err(failure::before_answer(&error, &host)),
            Ok(Ok(response)) => response,
        };
        exchange.timing.first_byte = Some(micros(started.elapsed()));
        exchange.remote = response.remote_addr();
        let status = response.status();
        let headers = kept_headers(response.headers());
        let (body, truncated, trouble) = read_body(&mut response, deadline, timeout).await;
        let answer = Answer { status: status.as_u16(), headers, body, truncated };
        match failure::of_status(status).or(if status.is_success() { trouble } else { None }) {
            None => Ok(answer),
            Some((kind, message)) => Err(Failure { kind, message, answer: Some(answer) }),
        }
    }
}

impl Failure {
    fn of(kind: FailureKind, message: String) -> Self {
        Self { kind, message, answer: None }
    }
}

/// What was kept of the body, whether more came or should have come, and what went wrong.
async fn read_body(
    response: &mut reqwest::Response,
    deadline: Instant,
    timeout: Duration,
) -> (String, bool, Option<(FailureKind, String)>) {
    let mut kept: Vec<u8> = Vec::new();
    let mut read = 0;
    let trouble = loop {
        match timeout_at(deadline, response.chunk()).await {
            Err(_) => break Some((FailureKind::Timeout, format!("The answer was not complete within {}.", human(timeout)))),
            Ok(Err(error)) => break Some(failure::in_answer(&error)),
            Ok(Ok(None)) => break None,
            Ok(Ok(Some(chunk))) => {
                read += chunk.len();
                kept.extend_from_slice(&chunk[..chunk.len().min(BODY_KEPT - kept.len())]);
                if read > BODY_MAX {
                    break Some((FailureKind::BodyTooLarge, format!("The answer's body is longer than {} KiB.", BODY_MAX / 1024)));
                }
            }
        }
    };
    let mut body = String::from_utf8_lossy(&kept).replace('\0', "\u{fffd}");
    let truncated = trouble.is_some() || read > kept.len();
    if truncated && body.ends_with('\u{fffd}') && std::str::from_utf8(&kept).is_err() {
        // The cut went through a character.
        body.pop();
    }
    (body, truncated, trouble)
}

fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut bytes = 0;
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .take_while(|(name, value)| {
            bytes += name.len() + value.len();
            bytes <= BODY_KEPT
        })
        .collect()
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn human(duration: Duration) -> String {
    crate::model::time::human_duration(micros(duration))
}

// What the resolver and the connector tell of the request that they work for. They note it when they are done and still polled by that request: a
// connection that hyper goes on making in the background, after a kept one became free, is nobody's.
tokio::task_local! {
    static MARKS: Cell<Marks>;
}

#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    dns: Option<Duration>,
    /// TCP and TLS, without the look-up.
    connect: Option<Duration>,
    phase: Phase,
}

/// Where a request is, to tell what took too long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    LookUp,
    Connect,
    #[default]
    Answer,
}

impl Phase {
    fn too_long(self, host: &str, timeout: Duration) -> String {
        let timeout = human(timeout);
        match self {
            Phase::LookUp => format!("The host name {host} could not be looked up within {timeout}."),
            Phase::Connect => format!("No connection to {host} could be made within {timeout}."),
            Phase::Answer => format!("{host} did not answer within {timeout}."),
        }
    }
}

fn marks() -> Marks {
    MARKS.try_with(Cell::get).unwrap_or_default()
}

fn mark(change: impl FnOnce(&mut Marks)) {
    // Outside of a request there is nobody to tell.
    let _ = MARKS.try_with(|cell| {
        let mut marks = cell.get();
        change(&mut marks);
        cell.set(marks);
    });
}

/// The guard as reqwest's resolver.
struct Guarded(Arc<AddressPolicy>);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0.clone();
        Box::pin(async move {
            let started = Instant::now();
            mark(|marks| marks.phase = Phase::LookUp);
            // Port 0 stands for that of the URL.
            let found = policy.resolve(name.as_str(), 0).await;
            mark(|marks| (marks.dns, marks.phase) = (Some(started.elapsed()), Phase::Connect));
            Ok(Box::new(found?.into_iter()) as Addrs)
        })
    }
}

#[derive(Clone, Copy)]
struct TimedLayer;

impl<S> Layer<S> for TimedLayer {
    type Service = Timed<S>;

    fn layer(&self, inner: S) -> Timed<S> {
        Timed(inner)
    }
}

/// A connector that notes how long it took.
#[derive(Clone)]
struct Timed<S>(S);

impl<S, R> Service<R> for Timed<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
    S::Response: 'static,
    S::Error: 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, destination: R) -> Self::Future {
        let connecting = self.0.call(destination);
        Box::pin(async move {
            let started = Instant::now();
            // The look-up of an earlier try is not part of this one.
            mark(|marks| (marks.dns, marks.phase) = (None, Phase::Connect));
            let connected = connecting.await;
            mark(|marks| {
                marks.phase = Phase::Answer;
                if connected.is_ok() {
                    marks.connect = Some(started.elapsed().saturating_sub(marks.dns.unwrap_or_default()));
                }
            });
            connected
        })
    }
}
