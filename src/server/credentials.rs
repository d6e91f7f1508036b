//! A webhook's credentials: in memory as types that cannot be printed, at rest sealed with the master key.

use super::secret::{Secret, Vault, VaultError};
use crate::model::id::{StudyId, WebhookId};
use crate::model::problem::FieldErrors;
use crate::model::time::Timestamp;
use crate::model::webhook::CredentialsShown;
use crate::model::webhook_draft::{Change, CredentialsChange};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Everything secret about a webhook.
#[derive(Default)]
pub struct Credentials {
    /// Signs, with when it was set.
    pub secret: Option<(Secret, Timestamp)>,
    /// The secret before it, and until when it signs too.
    pub previous: Option<(Secret, Timestamp)>,
    /// Token header: name and value.
    pub token: Option<(String, Secret)>,
    /// Basic: user and password.
    pub basic: Option<(String, Secret)>,
    /// Custom headers.
    pub headers: Vec<(String, Secret)>,
}

/// As sealed. Only ever exists between the vault and [`Credentials`].
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Plain {
    secret: Option<(String, i64)>,
    previous: Option<(String, i64)>,
    token: Option<(String, String)>,
    basic: Option<(String, String)>,
    headers: Vec<(String, String)>,
}

fn context(study: &StudyId, webhook: &WebhookId) -> String {
    format!("webhook-credentials/{study}/{webhook}")
}

impl Credentials {
    /// Opens what [`Credentials::seal`] sealed for the same webhook.
    ///
    /// # Errors
    /// When the master key is another, or the row was tampered with or moved.
    pub fn open(vault: &Vault, study: &StudyId, webhook: &WebhookId, sealed: &[u8]) -> Result<Self, VaultError> {
        let bytes = vault.open(&context(study, webhook), sealed)?;
        let mut plain: Plain = serde_json::from_slice(&bytes).map_err(|_| VaultError::Broken)?;
        let named = |pair: &mut (String, String)| (std::mem::take(&mut pair.0), Secret::new(std::mem::take(&mut pair.1)));
        let timed = |pair: &mut (String, i64)| (Secret::new(std::mem::take(&mut pair.0)), Timestamp(pair.1));
        Ok(Self {
            secret: plain.secret.as_mut().map(timed),
            previous: plain.previous.as_mut().map(timed),
            token: plain.token.as_mut().map(named),
            basic: plain.basic.as_mut().map(named),
            headers: plain.headers.iter_mut().map(named).collect(),
        })
    }

    /// Seals them for this webhook alone: the bytes open nowhere else.
    ///
    /// # Errors
    /// When the cipher fails, which it does not for anything of this size.
    pub fn seal(&self, vault: &Vault, study: &StudyId, webhook: &WebhookId) -> Result<Vec<u8>, VaultError> {
        let named = |(name, value): &(String, Secret)| (name.clone(), value.expose().to_owned());
        let timed = |(value, at): &(Secret, Timestamp)| (value.expose().to_owned(), at.micros());
        let plain = Plain {
            secret: self.secret.as_ref().map(timed),
            previous: self.previous.as_ref().map(timed),
            token: self.token.as_ref().map(named),
            basic: self.basic.as_ref().map(named),
            headers: self.headers.iter().map(named).collect(),
        };
        let mut bytes = serde_json::to_vec(&plain).map_err(|_| VaultError::Broken)?;
        let sealed = vault.seal(&context(study, webhook), &bytes);
        bytes.zeroize();
        Ok(sealed)
    }

    /// What may be shown of them.
    pub fn shown(&self) -> CredentialsShown {
        CredentialsShown {
            secret_fingerprint: self.secret.as_ref().map(|(s, _)| s.fingerprint()),
            secret_set_at: self.secret.as_ref().map(|(_, at)| *at),
            previous_secret_until: self.previous.as_ref().map(|(_, until)| *until),
            token_header: self.token.as_ref().map(|(name, _)| name.clone()),
            basic_user: self.basic.as_ref().map(|(user, _)| user.clone()),
            header_names: self.headers.iter().map(|(name, _)| name.clone()).collect(),
        }
    }

    /// These with a change applied. The secret is left to the caller: a new one is generated, a changed one rotated.
    ///
    /// # Errors
    /// When a value is to be kept of which there is none, e.g. of a header that is new.
    pub fn apply(self, change: CredentialsChange) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let missing = "has no stored value to keep; type one";
        let old_token = self.token.map(|(_, v)| v);
        let token = change.token.and_then(|(name, value)| match value {
            Change::Set(v) => Some((name, Secret::new(v))),
            Change::Keep => old_token.map(|v| (name, v)).or_else(|| {
                errors.add("token_value", missing);
                None
            }),
        });
        let old_basic = self.basic.map(|(_, v)| v);
        let basic = change.basic.and_then(|(user, value)| match value {
            Change::Set(v) => Some((user, Secret::new(v))),
            Change::Keep => old_basic.map(|v| (user, v)).or_else(|| {
                errors.add("basic_password", missing);
                None
            }),
        });
        let mut old_headers = self.headers;
        let mut headers = Vec::new();
        for (name, value) in change.headers {
            match value {
                Change::Set(v) => headers.push((name, Secret::new(v))),
                Change::Keep => match old_headers.iter().position(|(n, _)| n.eq_ignore_ascii_case(&name)) {
                    Some(at) => headers.push((name, old_headers.swap_remove(at).1)),
                    None => errors.add("headers", format!("{name} {missing}")),
                },
            }
        }
        errors.into_result(|| Self { secret: self.secret, previous: self.previous, token, basic, headers })
    }

    /// The secrets that sign at `now`: the present one, and during an overlap the one before it.
    pub fn signing(&self, now: Timestamp) -> Vec<&Secret> {
        let previous = self.previous.as_ref().filter(|(_, until)| now < *until).map(|(s, _)| s);
        self.secret.as_ref().map(|(s, _)| s).into_iter().chain(previous).collect()
    }
}
