//! Hookwell: a console and delivery engine for webhooks. `docs/ARCHITECTURE.md` is the map.
#![recursion_limit = "512"]

pub mod error;
pub mod islands;
pub mod model;

// Pages are rendered on the server alone: the browser gets the islands and nothing else.
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod ui;

/// What the page's script calls once the wasm is there. Leptos then wakes each island that the page holds.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
