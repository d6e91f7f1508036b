//! Hookwell: a console and delivery engine for webhooks. `docs/ARCHITECTURE.md` is the map.
#![recursion_limit = "256"]

pub mod error;
pub mod model;
pub mod ui;

#[cfg(feature = "ssr")]
pub mod server;
