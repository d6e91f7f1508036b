//! How to verify a signature, for those who build the receiver. Each uses the published `standardwebhooks` package of its language.

/// One language's way.
pub struct Snippet {
    /// The language.
    pub language: &'static str,
    /// What the file might be called.
    pub file: &'static str,
    /// The code.
    pub code: &'static str,
}

/// The languages.
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
