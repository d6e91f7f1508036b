//! Passwords: argon2id, and which ones are good enough (PRODUCT.md §7).
//!
//! Hashing takes tens of milliseconds and 19 MiB on purpose: call it in `spawn_blocking`.

use crate::model::user::{PASSWORD_MAX, PASSWORD_MIN};
use crate::server::clock::random_bytes;
use crate::server::secret::Secret;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

/// The machine could not hash a password: no memory for it.
#[derive(Debug, thiserror::Error)]
#[error("The password could not be hashed: {0}.")]
pub struct HashError(argon2::password_hash::Error);

/// What hashing costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB, at least 8.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// Hashes and verifies passwords with argon2id.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
}

impl Hasher {
    /// The second choice of OWASP's Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane.
    pub fn production() -> Self {
        Self::with(Cost { memory_kib: 19_456, passes: 2, lanes: 1 })
    }

    /// As cheap as argon2 goes. A hash tells what it cost, so one of these verifies anywhere.
    pub fn cheap_for_tests() -> Self {
        Self::with(Cost { memory_kib: 8, passes: 1, lanes: 1 })
    }

    /// With this cost; with argon2's own default, which is production's, where it is out of argon2's range.
    pub fn with(cost: Cost) -> Self {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None).unwrap_or_default();
        Self { argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params) }
    }

    /// A hash to store, in PHC form: algorithm, cost, salt and hash in one text.
    ///
    /// # Errors
    /// Only where there is no memory for it.
    pub fn hash(&self, password: &Secret) -> Result<String, HashError> {
        let salt: [u8; 16] = random_bytes();
        let hash: PasswordHash = self.argon2.hash_password_with_salt(password.expose().as_bytes(), &salt).map_err(HashError)?;
        Ok(hash.to_string())
    }

    /// Whether this is the password of the hash. At the cost that the hash names; false for what is not a hash.
    pub fn verify(&self, password: &Secret, hash: &str) -> bool {
        self.argon2.verify_password(password.expose().as_bytes(), hash).is_ok()
    }

    /// Takes as long as [`Hasher::verify`] and is false: for a user that there is not, so that the time does not tell who exists.
    pub fn verify_nobody(&self, password: &Secret) -> bool {
        let _ = std::hint::black_box(self.hash(password));
        false
    }
}

/// Whether a password may be chosen: length, and not one that is guessed early (zxcvbn's score 3 or 4: more than 10⁸ guesses).
/// `about` is what an attacker would try first: the person's name, e-mail address, the organisation.
///
/// # Errors
/// What is wrong with it, to stand at its field.
pub fn check_strength(password: &str, about: &[&str]) -> Result<(), String> {
    let length = password.chars().count();
    if length < PASSWORD_MIN {
        return Err(format!("must have at least {PASSWORD_MIN} characters"));
    }
    if length > PASSWORD_MAX {
        return Err(format!("must have at most {PASSWORD_MAX} characters"));
    }
    // Parts of an address count too, and the parts run together: `ada`, `lovelace` and `adalovelace` of `ada.lovelace@example.com`.
    let mut known = vec!["hookwell".to_owned()];
    for text in about {
        let local = text.split('@').next().unwrap_or(text);
        known.extend(text.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() > 2).map(str::to_owned));
        known.extend([(*text).to_owned(), local.to_owned(), local.chars().filter(|c| c.is_alphanumeric()).collect()]);
    }
    let known: Vec<&str> = known.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    if zxcvbn::zxcvbn(password, &known).score() >= zxcvbn::Score::Three {
        Ok(())
    } else {
        Err("is a common password or easy to guess; use several unrelated words, or a password manager".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_verifies_and_another_does_not() {
        let hasher = Hasher::cheap_for_tests();
        let password = Secret::new("correct horse battery staple");
        let hash = hasher.hash(&password).expect("hashes");
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert!(hasher.verify(&password, &hash));
        assert!(!hasher.verify(&Secret::new("correct horse battery stapl"), &hash));
        assert_ne!(hash, hasher.hash(&password).expect("hashes"), "salted");
        for not_a_hash in ["", "x", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$$"] {
            assert!(!hasher.verify(&password, not_a_hash));
        }
        assert!(!hasher.verify_nobody(&password));
    }

    #[test]
    fn production_costs_what_owasp_says_and_reads_other_costs() {
        let (cheap, dear) = (Hasher::cheap_for_tests(), Hasher::production());
        let password = Secret::new("correct horse battery staple");
        let hash = dear.hash(&password).expect("hashes");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(cheap.verify(&password, &hash));
        assert!(dear.verify(&password, &cheap.hash(&password).expect("hashes")));
    }

    #[test]
    fn weak_passwords_are_refused_with_the_reason() {
        let about = ["ada.lovelace@example.com", "Ada Lovelace"];
        assert_eq!(check_strength("elevenchars", &about), Err("must have at least 12 characters".to_owned()));
        assert!(check_strength(&"é".repeat(201), &about).is_err_and(|e| e.contains("at most 200")));
        for weak in [
            "password1234",
            "passwordpassword",
            "qwertyuiop12",
            "123456789012",
            "aaaaaaaaaaaa",
            "ada.lovelace",
            "adalovelace12",
            "iloveyou1234",
        ] {
            assert!(check_strength(weak, &about).is_err_and(|e| e.contains("common password")), "{weak}");
        }
        for good in ["correct horse battery staple", "Tr0mbone-Lichen-92", "brücke7wolke!schnee"] {
            assert_eq!(check_strength(good, &about), Ok(()), "{good}");
        }
    }
}
