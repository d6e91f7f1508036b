//! Signatures as of Standard Webhooks 1.0.0 (<https://www.standardwebhooks.com>): HMAC-SHA256 of `id.timestamp.body`, base64,
//! with `v1,` before it.

use crate::server::clock::random_bytes;
use crate::server::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// What a generated secret begins with.
const PREFIX: &str = "whsec_";

/// A secret made ready to sign with. Wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SigningKey(Vec<u8>);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// The key that a secret stands for.
    ///
    /// The published receiver libraries strip `whsec_` and decode the rest as base64, so what is base64 (standard alphabet, padded) must be
    /// decoded here too, or they would refuse our signatures. They cannot be given anything else; but a person may paste a phrase, or keep the
    /// secret of a system that never heard of base64, and verify with code of their own: then the UTF-8 bytes of the whole text are the key.
    pub fn from_secret(secret: &Secret) -> Self {
        let text = secret.expose();
        match STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text)) {
            Ok(bytes) if !bytes.is_empty() => Self(bytes),
            _ => Self(text.as_bytes().to_vec()),
        }
    }

    fn mac(&self, id: &str, timestamp_seconds: i64, body: &[u8]) -> Option<Vec<u8>> {
        // HMAC takes a key of any length, so there always is one.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(&signed_content(id, timestamp_seconds, body));
        Some(mac.finalize().into_bytes().to_vec())
    }
}

/// What is signed: `id.timestamp.body`.
pub fn signed_content(id: &str, timestamp_seconds: i64, body: &[u8]) -> Vec<u8> {
    [format!("{id}.{timestamp_seconds}.").as_bytes(), body].concat()
}

/// One signature: `v1,` and base64.
pub fn sign(key: &SigningKey, id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
    format!("v1,{}", STANDARD.encode(key.mac(id, timestamp_seconds, body).unwrap_or_default()))
}

/// The value of `webhook-signature`: one signature a key, separated by spaces. Two keys during a rotation; a receiver accepts either.
pub fn signature_header(keys: &[SigningKey], id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
    keys.iter().map(|key| sign(key, id, timestamp_seconds, body)).collect::<Vec<_>>().join(" ")
}

/// Whether any `v1` signature in the header is by any of the keys. Takes the same time wherever a wrong one differs. Says nothing of the
/// timestamp's age: that needs a clock.
pub fn verify(header: &str, keys: &[SigningKey], id: &str, timestamp_seconds: i64, body: &[u8]) -> bool {
    let given: Vec<Vec<u8>> =
        header.split(' ').filter_map(|one| one.strip_prefix("v1,")).filter_map(|text| STANDARD.decode(text).ok()).collect();
    let mut found = subtle::Choice::from(0);
    for expected in keys.iter().filter_map(|key| key.mac(id, timestamp_seconds, body)) {
        for signature in &given {
            found |= expected.ct_eq(signature);
        }
    }
    found.into()
}

/// A new secret: `whsec_` and the base64 of 32 random bytes.
pub fn generate_secret() -> Secret {
    let bytes = zeroize::Zeroizing::new(random_bytes::<32>());
    Secret::new(format!("{PREFIX}{}", STANDARD.encode(*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(secret: &str) -> SigningKey {
        SigningKey::from_secret(&Secret::new(secret))
    }

    #[test]
    fn the_published_vectors_hold() {
        for (secret, id, timestamp, body, signature) in [
            (
                "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                r#"{"email":"test@example.com","username":"test_user"}"#,
                "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            ),
            (
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
        ] {
            assert_eq!(sign(&key(secret), id, timestamp, body.as_bytes()), signature);
            assert!(verify(signature, &[key(secret)], id, timestamp, body.as_bytes()));
        }
    }

    #[test]
    fn what_is_not_base64_is_used_as_it_is() {
        for phrase in ["a phrase that somebody pasted", "whsec_not base64!", "whsec_", "whsec_AAA", "abcdefg"] {
            assert_eq!(key(phrase).0, phrase.as_bytes(), "{phrase}");
        }
        assert_eq!(key("whsec_AAAA").0, [0, 0, 0]);
        assert_eq!(key("AAAA").0, [0, 0, 0]);
    }

    #[test]
    fn during_a_rotation_either_key_will_do() {
        let (old, new) = (key("an old phrase to sign with"), key("a new phrase to sign with"));
        let header = signature_header(&[new.clone(), old.clone()], "msg_1", 7, b"{}");
        assert_eq!(header.split(' ').count(), 2);
        for known in [&old, &new] {
            assert!(verify(&header, std::slice::from_ref(known), "msg_1", 7, b"{}"));
        }
        assert!(verify(&format!("v2,AAAA v1a,BBBB junk  {header}"), &[old], "msg_1", 7, b"{}"));
        for wrong in ["", "v1,", "v1", "v1,AAAA", &header.replace("v1,", "v2,"), &header.to_lowercase()] {
            assert!(!verify(wrong, std::slice::from_ref(&new), "msg_1", 7, b"{}"), "{wrong}");
        }
        assert!(!verify(&header, &[], "msg_1", 7, b"{}"));
    }

    #[test]
    fn a_generated_secret_is_one_that_the_rules_accept() {
        let secret = generate_secret();
        assert!(secret.expose().starts_with("whsec_") && secret.expose().len() == 6 + 44);
        assert_eq!(SigningKey::from_secret(&secret).0.len(), 32);
        assert_ne!(secret.expose(), generate_secret().expose());
    }

    #[test]
    fn the_published_library_accepts_ours() {
        let secret = generate_secret();
        let theirs = standardwebhooks::Webhook::new(secret.expose()).expect("a good secret");
        // It compares the timestamp with the machine's clock.
        let now = crate::server::clock::Clock::system().now().seconds();
        let ours = signature_header(&[key("another phrase"), SigningKey::from_secret(&secret)], "msg_1", now, b"{\"a\":1}");
        let mut headers = http::HeaderMap::new();
        for (name, value) in [("webhook-id", "msg_1"), ("webhook-timestamp", &now.to_string()), ("webhook-signature", &ours)] {
            headers.insert(http::HeaderName::try_from(name).expect("a name"), value.parse().expect("a value"));
        }
        theirs.verify(b"{\"a\":1}", &headers).expect("verifies");
        theirs.verify(b"{\"a\":2}", &headers).expect_err("another body");
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies_and_nothing_else(
            secret in ".{1,60}", id in "[a-z_0-9]{1,30}", timestamp in 0i64..4_000_000_000, body in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let keys = [key(&secret)];
            let header = signature_header(&keys, &id, timestamp, &body);
            prop_assert!(verify(&header, &keys, &id, timestamp, &body));
            prop_assert!(!verify(&header, &keys, &id, timestamp + 1, &body));
            let (other_id, other_key) = (format!("{id}x"), key(&format!("{secret} and more")));
            prop_assert!(!verify(&header, &keys, &other_id, timestamp, &body));
            prop_assert!(!verify(&header, &keys, &id, timestamp, &[&body[..], b"x"].concat()));
            prop_assert!(!verify(&header, &[other_key], &id, timestamp, &body));
        }
    }
}
