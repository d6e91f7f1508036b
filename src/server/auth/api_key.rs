//! API keys' secrets: `hwk_` and 43 characters of base64url, 256 random bits. Kept as SHA-256: what cannot be guessed needs no
//! slow hash.

use crate::error::AppError;
use crate::model::api_key::ApiKey;
use crate::model::time::Timestamp;
use crate::server::clock::random_bytes;
use crate::server::secret::Secret;
use crate::server::store::{Store, api_keys};
use base64::Engine as _;
use sha2::{Digest, Sha256};

/// How every secret begins, so that leaked ones can be searched for.
pub const PREFIX: &str = "hwk_";

/// A new secret.
pub fn generate() -> Secret {
    Secret::new(format!("{PREFIX}{}", base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(random_bytes::<32>())))
}

/// What of a secret is shown in lists: enough to tell keys apart, useless to sign in with.
pub fn hint(secret: &Secret) -> String {
    secret.expose().chars().take(PREFIX.len() + 4).collect()
}

/// What is kept of a secret or of a set-up link's token.
pub fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Finds the key that a request's `Authorization` header carries.
///
/// # Errors
/// 401 for no header, an unknown, an expired or a revoked key, each with its own sentence.
pub async fn authenticate(store: &Store, authorization: Option<&str>, now: Timestamp) -> Result<ApiKey, AppError> {
    let Some(secret) = authorization.and_then(|h| h.split_once(' ')).filter(|(s, _)| s.eq_ignore_ascii_case("bearer")) else {
        return Err(AppError::Unauthenticated("Send an API key as 'Authorization: Bearer hwk_…'.".to_owned()));
    };
    let mut db = store.read().await?;
    let found = api_keys::find_by_secret(&mut db, &hash(secret.1.trim())).await?;
    drop(db);
    let refused = |why: &str| Err(AppError::Unauthenticated(format!("This API key {why}. Make one in Settings → API keys.")));
    match found {
        None => refused("is not known"),
        Some(key) if key.revoked_at.is_some() => refused("was revoked"),
        Some(key) if key.expires_at.is_some_and(|at| at <= now) => refused("has expired"),
        Some(key) => {
            if api_keys::needs_touch(&key, now) {
                let mut tx = store.begin().await?;
                api_keys::touch(&mut tx, &key.id, now).await?;
                tx.commit().await?;
            }
            Ok(key)
        }
    }
}
