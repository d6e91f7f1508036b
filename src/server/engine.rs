//! The delivery engine: everything between an accepted event and a receiver's answer.

pub mod address;
pub mod client;
pub mod mask;
pub mod retry;
pub mod signing;
