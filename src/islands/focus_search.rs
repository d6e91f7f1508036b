use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement};

/// Lets `/` move the focus to the page's `#search`, except while something is being typed. Shows nothing.
#[island]
pub fn FocusSearch() -> impl IntoView {
    Effect::new(move |_| {
        window_event_listener(ev::keydown, move |event| {
            let held = event.ctrl_key() || event.meta_key() || event.alt_key();
            if event.key() != "/" || held || event.is_composing() || is_typing() {
                return;
            }
            if let Some(search) = document().get_element_by_id("search").and_then(|e| e.dyn_into::<HtmlInputElement>().ok()) {
                // Or the "/" would be the first letter of the search.
                event.prevent_default();
                _ = search.focus();
                search.select();
            }
        });
    });
}

fn is_typing() -> bool {
    document()
        .active_element()
        .and_then(|e| e.dyn_into::<HtmlElement>().ok())
        .is_some_and(|focused| focused.is_content_editable() || matches!(focused.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}
