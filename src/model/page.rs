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
    /// A page of `limit` rows out of one row more than that: what is over says that there is a next page, whose key is the last row's.
    pub fn cut(mut rows: Vec<T>, limit: u32, key: impl FnOnce(&T) -> String) -> Self {
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(key);
        Self { items: rows, next }
    }

    /// The same page with each row changed.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}
