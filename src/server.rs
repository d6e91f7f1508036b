//! Everything that only the server has.

pub mod auth;
pub mod clock;
pub mod engine;
pub mod format;
pub mod listen;
pub mod secret;
