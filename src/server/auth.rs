//! Who is asking, and whether they may.

pub mod actor;
pub mod api_key;
pub mod password;
pub mod session;

pub use actor::{Actor, Asker, Who, request_id};
