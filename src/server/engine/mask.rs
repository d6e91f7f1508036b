//! Headers as history keeps them: names as they were, values of credentials not (PRODUCT.md §7).

use crate::model::webhook_draft::KEEP;

/// Names that always hold credentials, lowercased.
const NAMES: [&str; 4] = ["authorization", "cookie", "set-cookie", "x-api-key"];
/// Parts of a name that mean one.
const PARTS: [&str; 8] = ["authorization", "token", "secret", "password", "passwd", "credential", "key", "signature"];
/// Signatures of the body by a documented scheme: no credentials, worthless for any other body, and what somebody who mends a receiver
/// compares first.
const VISIBLE: [&str; 2] = ["webhook-signature", "x-webhook-signature"];

/// The headers with every credential's value replaced. `extra_sensitive`: more names, in any case; those of the webhook's token and custom
/// headers, whose values are stored encrypted and must not come back here.
pub fn mask_headers(headers: Vec<(String, String)>, extra_sensitive: &[String]) -> Vec<(String, String)> {
    headers
        .into_iter()
        .map(|(name, value)| {
            let masked = is_sensitive(&name) || extra_sensitive.iter().any(|extra| extra.eq_ignore_ascii_case(&name));
            (name, if masked { KEEP.to_owned() } else { value })
        })
        .collect()
}

/// Whether a header of this name holds a credential, by its name alone.
pub fn is_sensitive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.as_str();
    !VISIBLE.contains(&name) && (NAMES.contains(&name) || PARTS.iter().any(|part| name.contains(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_masked_and_the_rest_is_left() {
        for name in [
            "Authorization",
            "Proxy-Authorization",
            "cookie",
            "SET-COOKIE",
            "X-Api-Key",
            "x-webhook-infermedica-token",
            "X-Client-Secret",
            "x-password",
            "X-Hub-Signature-256",
        ] {
            assert!(is_sensitive(name), "{name}");
        }
        for name in [
            "webhook-id",
            "Webhook-Signature",
            "X-Webhook-Signature",
            "content-type",
            "date",
            "keep-alive",
            "www-authenticate",
            "user-agent",
        ] {
            assert!(!is_sensitive(name), "{name}");
        }
        let headers = [("Authorization", "Basic eA=="), ("X-Site", "7"), ("X-Plain", "seen")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        let masked = mask_headers(headers.to_vec(), &["x-site".to_owned()]);
        assert_eq!(
            masked,
            [("Authorization", "••••••••"), ("X-Site", "••••••••"), ("X-Plain", "seen")].map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
    }
}
