//! Secrets at rest and in memory: [`Secret`] cannot be logged or serialised by accident, and [`Vault`] seals what the
//! database keeps with a key that is not in it (PRODUCT.md §7).

use super::clock::random_bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use std::fmt;
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

/// A text that must not be shown: wiped when dropped, not serialisable, and `Debug` does not tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Every use of it is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What may be shown instead: the first 12 hexadecimal digits of its SHA-256. Enough to tell two apart, and no help in guessing
    /// a random one.
    pub fn fingerprint(&self) -> String {
        let mut hex = hex::encode(Sha256::digest(self.0.as_bytes()));
        hex.truncate(12);
        hex
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What can be wrong with a key file or a sealed value. Never holds either.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key file cannot be read or made.
    #[error("The key file {path} cannot be used: {source}.")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Somebody else may read the key file.
    #[error("The key file {path} can be read by others than its owner (mode {mode:04o}). Run: chmod 600 {path}")]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not keys.
    #[error("The key is not valid: each line must be the base64 of 32 bytes, and there must be 1 to 256 of them.")]
    Malformed,
    /// Not keys, and it is known in which file.
    #[error("The key file {0} is not valid: each line must be the base64 of 32 bytes, and there must be 1 to 256 of them.")]
    MalformedFile(PathBuf),
    /// Sealed by a newer version, or not sealed at all.
    #[error("A stored secret is not in a form that this version reads.")]
    UnknownVersion,
    /// The key that sealed it is not in the key file.
    #[error("A stored secret was sealed with key number {0}, which the key file does not have.")]
    UnknownKey(u8),
    /// Changed, or sealed for another place or with another key.
    #[error("A stored secret cannot be opened: it was changed, or sealed with another key.")]
    Broken,
}

/// First byte of everything sealed.
const VERSION: u8 = 1;
/// Bytes before the nonce: version and key number.
const HEAD: usize = 2;
/// Bytes of XChaCha20's nonce: long enough to be drawn at random for ever.
const NONCE: usize = 24;

/// Seals and opens small values with XChaCha20-Poly1305.
///
/// A key file holds one key a line. The last line seals; the ones above still open what they sealed, so that a new key is
/// taken into use by appending a line. A sealed value is: version (1 byte), number of the key's line from 0 (1 byte), nonce (24 bytes),
/// ciphertext and tag.
pub struct Vault {
    keys: Vec<XChaCha20Poly1305>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({} keys)", self.keys.len())
    }
}

impl Vault {
    /// A vault with one key.
    pub fn from_key(key: [u8; 32]) -> Self {
        let key = Zeroizing::new(key);
        Self { keys: vec![XChaCha20Poly1305::new(&Key::from(*key))] }
    }

    /// A vault with the keys of this text, in the form of a key file.
    ///
    /// # Errors
    /// [`VaultError::Malformed`].
    pub fn from_text(text: &str) -> Result<Self, VaultError> {
        let mut keys = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let bytes = Zeroizing::new(STANDARD.decode(line).map_err(|_| VaultError::Malformed)?);
            keys.push(XChaCha20Poly1305::new_from_slice(&bytes).map_err(|_| VaultError::Malformed)?);
        }
        if keys.is_empty() || keys.len() > 256 { Err(VaultError::Malformed) } else { Ok(Self { keys }) }
    }

    /// Reads the key file, or makes one with a random key that only its owner may read.
    ///
    /// # Errors
    /// A file that others may read, that holds no keys, or that cannot be read or written.
    pub fn open_or_create(path: &Path) -> Result<Self, VaultError> {
        let io = |source| VaultError::Io { path: path.to_owned(), source };
        // `create_new` decides between two starts at the same time: one makes the key, the other reads it.
        match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(mut file) => {
                let key = Zeroizing::new(random_bytes::<32>());
                let line = Zeroizing::new(STANDARD.encode(*key) + "\n");
                // On the disk before anything is sealed with it: without the key everything sealed is lost.
                file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
                Ok(Self::from_key(*key))
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                let mut file = std::fs::File::open(path).map_err(io)?;
                let mode = file.metadata().map_err(io)?.permissions().mode() & 0o777;
                if mode & 0o077 != 0 {
                    return Err(VaultError::Exposed { path: path.to_owned(), mode });
                }
                let mut text = Zeroizing::new(String::new());
                file.read_to_string(&mut text).map_err(|source| match source.kind() {
                    std::io::ErrorKind::InvalidData => VaultError::MalformedFile(path.to_owned()),
                    _ => io(source),
                })?;
                Self::from_text(&text).map_err(|_| VaultError::MalformedFile(path.to_owned()))
            }
            Err(error) => Err(io(error)),
        }
    }

    /// Seals `plain` for one place. `context` names the place (table, column, row), so that a value copied to another one does not open.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        // Both constructors make 1 to 256 keys, so the last one is there and its number fits.
        let Some((number, key)) = self.keys.iter().enumerate().next_back() else { return Vec::new() };
        let head = [VERSION, u8::try_from(number).unwrap_or(u8::MAX)];
        let nonce: [u8; NONCE] = random_bytes();
        let aad = aad(head, context);
        // Only a plaintext of more than 256 GiB fails here.
        let sealed = key.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &aad }).unwrap_or_default();
        [&head[..], &nonce, &sealed].concat()
    }

    /// Opens what [`Vault::seal`] sealed for the same context.
    ///
    /// # Errors
    /// Whatever is not exactly that.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (head, rest) = sealed.split_first_chunk::<HEAD>().ok_or(VaultError::UnknownVersion)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE>().ok_or(VaultError::UnknownVersion)?;
        let [version, number] = *head;
        if version != VERSION {
            return Err(VaultError::UnknownVersion);
        }
        let key = self.keys.get(usize::from(number)).ok_or(VaultError::UnknownKey(number))?;
        let aad = aad(*head, context);
        let plain = key.decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: &aad }).map_err(|_| VaultError::Broken)?;
        Ok(Zeroizing::new(plain))
    }

    /// Whether an older key sealed it, so that opening and sealing it again lets that key be retired.
    pub fn is_outdated(&self, sealed: &[u8]) -> bool {
        sealed.get(1).is_some_and(|number| usize::from(*number) + 1 != self.keys.len())
    }
}

/// What is authenticated beside the text: the head too, so that it cannot be changed.
fn aad(head: [u8; HEAD], context: &str) -> Vec<u8> {
    [&head[..], context.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_secret_does_not_tell_itself() {
        let secret = Secret::new("abc");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.fingerprint(), "ba7816bf8f01");
        assert_eq!(secret.expose(), "abc");
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(context in ".*", plain in proptest::collection::vec(any::<u8>(), 0..200)) {
            let vault = Vault::from_key([7; 32]);
            let sealed = vault.seal(&context, &plain);
            prop_assert_eq!(sealed.len(), 2 + 24 + plain.len() + 16);
            prop_assert_eq!(&*vault.open(&context, &sealed).expect("opens"), &plain);
        }

        #[test]
        fn any_flipped_bit_is_noticed(at in 0usize..46, bit in 0u8..8) {
            let vault = Vault::from_key([7; 32]);
            let mut sealed = vault.seal("place", b"text");
            prop_assert_eq!(sealed.len(), 46);
            sealed[at] ^= 1 << bit;
            prop_assert!(vault.open("place", &sealed).is_err());
        }

        #[test]
        fn nothing_else_opens_and_nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(Vault::from_key([7; 32]).open("place", &bytes).is_err());
        }
    }

    #[test]
    fn another_place_or_key_does_not_open_it() {
        let vault = Vault::from_key([7; 32]);
        let sealed = vault.seal("webhook/1/secret", b"text");
        assert!(matches!(vault.open("webhook/2/secret", &sealed), Err(VaultError::Broken)));
        assert!(matches!(Vault::from_key([8; 32]).open("webhook/1/secret", &sealed), Err(VaultError::Broken)));
        assert_ne!(sealed, vault.seal("webhook/1/secret", b"text"), "a nonce is used once");
    }

    #[test]
    fn an_appended_key_seals_and_the_old_one_still_opens() {
        let old_line = STANDARD.encode([7; 32]);
        let old = Vault::from_text(&old_line).expect("valid");
        let both = Vault::from_text(&format!("{old_line}\n{}\n", STANDARD.encode([8; 32]))).expect("valid");
        let (by_old, by_new) = (old.seal("p", b"text"), both.seal("p", b"text"));
        assert_eq!(&*both.open("p", &by_old).expect("opens"), b"text");
        assert!(matches!(old.open("p", &by_new), Err(VaultError::UnknownKey(1))));
        assert!(both.is_outdated(&by_old) && !both.is_outdated(&by_new));
    }

    #[test]
    fn the_key_file_is_made_once_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("master.key");
        let sealed = Vault::open_or_create(&path).expect("made").seal("p", b"text");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(&*Vault::open_or_create(&path).expect("read").open("p", &sealed).expect("opens"), b"text");

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("chmod");
        let error = Vault::open_or_create(&path).expect_err("exposed").to_string();
        assert!(error.contains("mode 0640") && error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_wrong_key_file_is_refused_by_name() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("master.key");
        for wrong in ["", "\n", "abc", "AAAA", &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33])] {
            std::fs::write(&path, wrong).expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("chmod");
            let error = Vault::open_or_create(&path).expect_err(wrong).to_string();
            assert!(error.contains("master.key is not valid"), "{error}");
        }
        assert!(matches!(Vault::open_or_create(&dir.path().join("no/such/dir")), Err(VaultError::Io { .. })));
    }
}
