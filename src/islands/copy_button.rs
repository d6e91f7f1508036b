use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen_futures::JsFuture;

/// Copies a text to the clipboard and says so.
///
/// Not shown where it could not work: without JavaScript, and on a plain-http page, where browsers have no clipboard.
#[island]
pub fn CopyButton(
    /// What is copied.
    text: String,
    /// What the button says, e.g. "Copy secret".
    label: String,
) -> impl IntoView {
    let usable = RwSignal::new(false);
    let said = RwSignal::new("");
    Effect::new(move |_| usable.set(window().is_secure_context()));

    let copy = move |_| {
        let written = window().navigator().clipboard().write_text(&text);
        leptos::task::spawn_local(async move {
            said.set(match JsFuture::from(written).await {
                Ok(_) => "Copied",
                Err(_) => "Could not copy",
            });
            // Emptied again, so that copying twice is announced twice.
            set_timeout(move || said.set(""), Duration::from_secs(2));
        });
    };
    view! {
        <span class="copy" hidden=move || !usable.get()>
            <button type="button" class="copy-button" on:click=copy>
                {label}
            </button>
            <span class="copy-status" role="status" aria-live="polite">
                {said}
            </span>
        </span>
    }
}
