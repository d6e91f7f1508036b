//! Keyset pages: a page is found by the last row of the one before it, so that a long history costs no more than a short one.

use serde::{Deserialize, Serialize};

/// One page of rows, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next, older page starts; `None` on the last one. Opaque to callers.
    pub next: Option<String>,
}

/// Rows a page, unless asked otherwise.
pub const DEFAULT_LIMIT: u32 = 50;
/// Rows a page at most.
pub const MAX_LIMIT: u32 = 200;

impl<T> Page<T> {
    /// The same page with each row changed.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}
