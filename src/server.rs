//! Everything that only the server has.

pub mod assets;
pub mod auth;
pub mod chores;
pub mod clock;
pub mod config;
pub mod console;
pub mod credentials;
pub mod demo;
pub mod engine;
pub mod format;
pub mod health;
pub mod listen;
pub mod live;
pub mod mail;
pub mod rest;
pub mod router;
pub mod same_origin;
pub mod secret;
pub mod security_headers;
pub mod service;
pub mod state;
pub mod store;
pub mod timetable;
