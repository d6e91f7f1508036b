//! The pages: what each looks like, from data that was read before. One file a page; no database, no HTTP.

pub mod account;
pub mod api_keys;
pub mod delivery;
pub mod error;
pub mod frame;
pub mod notices;
pub mod search;
pub mod shell;
pub mod sign_in;
pub mod snippets;
pub mod studies;
pub mod webhook;
pub mod webhook_deliveries;
pub mod webhook_form;
mod webhook_format;
mod webhook_preview;
pub mod webhook_secret;
pub mod webhook_test;
pub mod webhooks;
