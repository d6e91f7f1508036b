//! How to verify a signature, for those who build the receiver: with the published `standardwebhooks` package of each language, or, where the
//! format has a signature of its own, with what the language brings.

/// One language's way.
pub struct Snippet {
    /// The language.
    pub language: &'static str,
    /// What the file might be called.
    pub file: &'static str,
    /// The code.
    pub code: &'static str,
}

/// For the hexadecimal signature of the format `survey`.
pub const HEX_SNIPPETS: &[Snippet] = &[
    Snippet {
        language: "Python",
        file: "receiver.py",
        code: r#"import hashlib
import hmac

def is_genuine(secret: str, body: bytes, signature: str) -> bool:
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())
"#,
    },
    Snippet {
        language: "Node",
        file: "receiver.mjs",
        code: r#"import { createHmac, timingSafeEqual } from "node:crypto";

export function isGenuine(secret, body, signature) {
  // `body` is the raw body, not parsed JSON.
  const expected = Buffer.from("sha256=" + createHmac("sha256", secret).update(body).digest("hex"));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
"#,
    },
];

/// For Standard Webhooks, which every format carries.
pub const SNIPPETS: &[Snippet] = &[
    Snippet {
        language: "Python",
        file: "receiver.py",
        code: r#"# pip install standardwebhooks
from standardwebhooks.webhooks import Webhook

def verified(secret: str, body: bytes, headers: dict) -> dict:
    # Raises WebhookVerificationError when the signature is wrong or older than five minutes.
    return Webhook(secret).verify(body, headers)
"#,
    },
    Snippet {
        language: "Node",
        file: "receiver.mjs",
        code: r#"// npm install standardwebhooks
import { Webhook } from "standardwebhooks";

export function verified(secret, body, headers) {
  // `body` is the raw text, not parsed JSON. Throws when the signature is wrong or older than five minutes.
  return new Webhook(secret).verify(body, headers);
}
"#,
    },
    Snippet {
        language: "Rust",
        file: "receiver.rs",
        code: r#"// cargo add standardwebhooks
use standardwebhooks::{Webhook, WebhookError};

pub fn verify(secret: &str, body: &[u8], headers: &http::HeaderMap) -> Result<(), WebhookError> {
    // Fails when the signature is wrong or older than five minutes.
    Webhook::new(secret)?.verify(body, headers)
}
"#,
    },
];
