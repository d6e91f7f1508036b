//! From an error of the HTTP library to a kind of failure and a sentence. By the types in the chain of causes; texts change between versions.

use super::Failure;
use crate::model::delivery::FailureKind;
use crate::server::engine::address::LookupError;
use http::StatusCode;
use rustls::{AlertDescription, CertificateError};
use std::error::Error;
use std::io;

/// What a status other than 2xx means.
pub(super) fn of_status(status: StatusCode) -> Option<(FailureKind, String)> {
    if status.is_success() {
        None
    } else if status.is_redirection() {
        Some((
            FailureKind::Redirect,
            format!("The receiver answered {} and pointed elsewhere. Redirects are not followed.", reason(status)),
        ))
    } else {
        Some((FailureKind::HttpStatus, format!("The receiver answered {}.", reason(status))))
    }
}

/// A status as a person reads it: `404 Not Found`.
fn reason(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// No answer came.
pub(super) fn before_answer(error: &reqwest::Error, host: &str) -> Failure {
    let (kind, message) = look_up(error)
        .or_else(|| tls(error, host))
        .or_else(|| io_error(error, host, error.is_connect()))
        .or_else(|| http_error(error, host))
        .unwrap_or_else(|| match error.is_connect() {
            true => (FailureKind::Connect, format!("No connection to {host} could be made.")),
            false => (FailureKind::Protocol, format!("{host} did not answer as HTTP asks for.")),
        });
    Failure::of(kind, message)
}

/// The answer began, and did not end well.
pub(super) fn in_answer(error: &reqwest::Error) -> (FailureKind, String) {
    // hyper tells of a wrong chunk as invalid input.
    let invalid = |cause: &io::Error| matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData);
    let broken = find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse) || find::<io::Error>(error).is_some_and(invalid);
    let message =
        if broken { "The answer's body is not as HTTP asks for." } else { "The connection was closed before the answer was complete." };
    (FailureKind::Protocol, message.to_owned())
}

/// The text of the first cause: what there is to say where nobody knows better.
pub(super) fn root(error: &reqwest::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The error and what caused it, outermost first. An `io::Error` may wrap another error and then, by itself, names only that one's cause.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error: &&'a (dyn Error + 'static)| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    causes(error).find_map(|cause| cause.downcast_ref::<E>())
}

fn look_up(error: &reqwest::Error) -> Option<(FailureKind, String)> {
    find::<LookupError>(error).map(|found| match found {
        LookupError::Dns(message) => (FailureKind::Dns, message.clone()),
        LookupError::Blocked(blocked) => (FailureKind::BlockedAddress, blocked.to_string()),
    })
}

fn tls(error: &reqwest::Error, host: &str) -> Option<(FailureKind, String)> {
    use rustls::Error as E;
    let message = match find::<E>(error)? {
        E::InvalidCertificate(certificate) => of_certificate(certificate, host),
        E::InvalidMessage(_) => format!("{host} does not speak TLS at this port. Is it an http:// address?"),
        E::AlertReceived(AlertDescription::CertificateRequired) => {
            format!("{host} asks for a client certificate, which Hookwell does not send.")
        }
        E::AlertReceived(AlertDescription::UnrecognisedName) => format!("{host} serves no site of this name."),
        E::AlertReceived(alert) => format!("{host} ended the TLS handshake ({alert:?})."),
        E::PeerIncompatible(_) | E::NoApplicationProtocol => {
            format!("{host} offers no TLS version or cipher that is safe to use. TLS 1.2 or 1.3 is needed.")
        }
        other => format!("The TLS handshake with {host} failed: {other}."),
    };
    Some((FailureKind::Tls, message))
}

fn of_certificate(error: &CertificateError, host: &str) -> String {
    use CertificateError as C;
    match error {
        C::Expired | C::ExpiredContext { .. } => format!("The certificate of {host} has expired."),
        C::NotValidYet | C::NotValidYetContext { .. } => format!("The certificate of {host} is not valid yet."),
        C::NotValidForName | C::NotValidForNameContext { .. } => format!("The certificate is not for {host}, but for another name."),
        C::UnknownIssuer => format!(
            "The certificate of {host} is not from an authority that is trusted here: it is self-signed, of a private authority, or sent without its intermediate certificate."
        ),
        C::Revoked => format!("The certificate of {host} was revoked."),
        other => format!("The certificate of {host} is not valid: {other}."),
    }
}

fn io_error(error: &reqwest::Error, host: &str, connecting: bool) -> Option<(FailureKind, String)> {
    use io::ErrorKind as K;
    // The innermost tells what happened; those around it only carry it.
    let kind = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).last()?.kind();
    let message = match kind {
        K::ConnectionRefused => format!("{host} refused the connection."),
        K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe | K::NotConnected => format!("{host} broke the connection off."),
        K::HostUnreachable | K::NetworkUnreachable | K::NetworkDown | K::AddrNotAvailable => format!("There is no route to {host}."),
        K::TimedOut => return Some((FailureKind::Timeout, format!("No connection to {host} could be made in time."))),
        K::UnexpectedEof if connecting => {
            return Some((FailureKind::Tls, format!("{host} closed the connection during the TLS handshake.")));
        }
        _ => return None,
    };
    Some((FailureKind::Connect, message))
}

fn http_error(error: &reqwest::Error, host: &str) -> Option<(FailureKind, String)> {
    let hyper = find::<hyper::Error>(error)?;
    let (kind, message) = if hyper.is_incomplete_message() {
        (FailureKind::Protocol, format!("{host} closed the connection without a complete answer."))
    } else if hyper.is_parse_too_large() {
        (FailureKind::Protocol, format!("The head of {host}'s answer is too large."))
    } else if hyper.is_parse() {
        (FailureKind::Protocol, format!("What {host} answered is not HTTP."))
    } else if hyper.is_canceled() || hyper.is_closed() {
        (FailureKind::Connect, format!("{host} closed the connection before the request was out."))
    } else {
        return None;
    };
    Some((kind, message))
}
