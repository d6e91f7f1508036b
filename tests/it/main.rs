//! The server's parts against real databases and a real receiver. Every test runs on SQLite, and on PostgreSQL where
//! `HOOKWELL_TEST_POSTGRES_URL` names a cluster in which databases may be made: `scripts/with-postgres cargo test --test it`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::type_complexity, reason = "a test says what it expects")]

#[macro_use]
mod harness;

mod audit;
mod borders;
mod console;
mod engine;
mod events;
mod faces;
mod formats;
mod history;
mod notices;
mod people;
mod permissions;
mod prefer;
mod replays;
mod smtp;
mod store;
mod study_data;
mod study_pages;
mod study_things;
mod surveys;
mod webhooks;
