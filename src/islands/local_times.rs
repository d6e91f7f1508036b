use super::SWAPPED;
use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

/// Gives every `<time datetime>` of the page a `title` with the reader's own time; the text itself stays UTC, as the
/// server wrote it, so that two people who talk about an entry see the same. Shows nothing.
#[island]
pub fn LocalTimes() -> impl IntoView {
    Effect::new(move |_| {
        label_all();
        window_event_listener(ev::Custom::<web_sys::Event>::new(SWAPPED), |_| label_all());
    });
}

fn label_all() {
    let Ok(times) = document().query_selector_all("time[datetime]") else { return };
    let options = js_sys::Object::new();
    for (key, value) in [("dateStyle", "full"), ("timeStyle", "long")] {
        _ = js_sys::Reflect::set(&options, &key.into(), &value.into());
    }
    let locale = window().navigator().language().unwrap_or_else(|| "en".to_owned());
    for index in 0..times.length() {
        let Some(time) = times.get(index).and_then(|node| node.dyn_into::<HtmlElement>().ok()) else { continue };
        let at = js_sys::Date::new(&JsValue::from(time.get_attribute("datetime")));
        if at.get_time().is_finite() {
            time.set_title(&String::from(at.to_locale_string(&locale, &options)));
        }
    }
}
