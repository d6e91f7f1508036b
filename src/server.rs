//! Everything that only the server has.

pub mod auth;
pub mod clock;
pub mod config;
pub mod credentials;
pub mod engine;
pub mod format;
pub mod live;
pub mod rest;
pub mod secret;
pub mod service;
pub mod state;
pub mod store;
