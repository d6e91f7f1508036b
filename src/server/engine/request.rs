//! The request of one attempt: its headers, and how they are shown to people. What is sent and what a preview shows are made here alike.

use super::mask::mask_headers;
use super::signing::{self, SigningKey};
use crate::model::delivery::Payload;
use crate::model::id::DeliveryId;
use crate::model::payload_variant::PayloadVariant;
use crate::model::time::Timestamp;
use crate::server::credentials::Credentials;
use crate::server::format;
use base64::Engine as _;

/// The method of every request.
pub const METHOD: &str = "POST";
/// The `User-Agent` of every request.
pub const USER_AGENT: &str = concat!("Hookwell/", env!("CARGO_PKG_VERSION"));
/// What a preview says of a header whose value is known only when the request is sent.
pub const COMPUTED: &str = "computed when sent";

/// What the headers of an attempt are made of.
pub struct Request<'a> {
    /// The delivery, whose id is stable over attempts.
    pub delivery: &'a DeliveryId,
    /// What decided the payload's bytes when the event was accepted.
    pub variant: &'a PayloadVariant,
    /// The payload.
    pub payload: &'a Payload,
    /// The webhook's credentials as they are now.
    pub credentials: &'a Credentials,
    /// When the attempt begins.
    pub at: Timestamp,
}

impl Request<'_> {
    /// Every header but those that HTTP itself adds: the format's, the signature's (Standard Webhooks), the credentials'.
    pub fn headers(&self) -> Vec<(String, String)> {
        let id = self.delivery.as_str();
        let body = &self.payload.body;
        let mut headers = self.payload.headers.clone();
        let present = self.credentials.secret.as_ref().map(|(secret, _)| secret.expose());
        let own = format::attempt_headers(self.variant, self.delivery, present, body);
        let own: Vec<(String, String)> = own.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        headers.extend(own.iter().cloned());
        headers.push(("user-agent".to_owned(), USER_AGENT.to_owned()));
        headers.push(("webhook-id".to_owned(), id.to_owned()));
        headers.push(("webhook-timestamp".to_owned(), self.at.seconds().to_string()));
        let keys: Vec<SigningKey> = self.credentials.signing(self.at).into_iter().map(SigningKey::from_secret).collect();
        if !keys.is_empty() {
            let signature = signing::signature_header(&keys, id, self.at.seconds(), body.as_bytes());
            headers.push(("webhook-signature".to_owned(), signature));
        }
        if let Some((name, value)) = &self.credentials.token {
            headers.push((name.to_lowercase(), value.expose().to_owned()));
        }
        if let Some((user, password)) = &self.credentials.basic {
            let pair = zeroize::Zeroizing::new(format!("{user}:{}", password.expose()));
            headers.push(("authorization".to_owned(), format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair.as_bytes()))));
        }
        // A webhook may have got a custom header since, of the name that this delivery's format has for one of its own: that one stays.
        let taken = |name: &String| own.iter().any(|(own, _)| own == name);
        let custom = self.credentials.headers.iter().map(|(name, value)| (name.to_lowercase(), value.expose().to_owned()));
        headers.extend(custom.filter(|(name, _)| !taken(name)));
        headers
    }

    /// The same as history keeps them: credentials masked.
    pub fn shown(&self, headers: Vec<(String, String)>) -> Vec<(String, String)> {
        let custom = self.credentials.headers.iter().map(|(name, _)| name.clone());
        let sensitive: Vec<String> = custom.chain(self.credentials.token.iter().map(|(name, _)| name.clone())).collect();
        mask_headers(headers, &sensitive)
    }

    /// The same for a request that is not sent: what depends on the delivery, the moment or the secret stands as [`COMPUTED`], and what
    /// HTTP adds is there too.
    pub fn previewed(&self, url: &url::Url) -> Vec<(String, String)> {
        let length = self.payload.body.len().to_string();
        let by_http = [("host", url.authority()), ("accept", "*/*"), ("content-length", &length)];
        let mut headers: Vec<_> = by_http.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let mut computed = vec!["webhook-id".to_owned(), "webhook-timestamp".to_owned(), "webhook-signature".to_owned()];
        if let PayloadVariant::Survey { signature_header, delivery_header, .. } = self.variant {
            computed.extend([signature_header.to_lowercase(), delivery_header.to_lowercase()]);
        }
        headers.extend(self.shown(self.headers()).into_iter().map(|(name, value)| {
            let value = if computed.contains(&name) { COMPUTED.to_owned() } else { value };
            (name, value)
        }));
        headers
    }
}
