use super::SWAPPED;
use leptos::{ev, prelude::*};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    time::Duration,
};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DomParser, Element, EventSource, HtmlElement, Node, Response, SupportedType};

/// At most one fetch in this time, however many messages arrive.
const PAUSE: Duration = Duration::from_secs(1);

/// Keeps one element of the page current: whenever the server says so, fetches the page again and takes over the
/// element with the same id.
///
/// The messages carry nothing but "something changed", so there is one way to render a row, on the server, and the
/// page's own filters and rights hold here too. It waits while the reader works in the element (focus, selected text,
/// an open dialog or popover) and while the tab is hidden: browsers allow six connections to a server, and tabs left
/// open would use them up.
///
/// Parts of the element that have an `id` and did not change stay the nodes they are; give every row one.
#[island]
pub fn LiveRegion(
    /// Where the server-sent events come from; same origin.
    events_url: String,
    /// The id of the element to keep current, e.g. a `<tbody>`.
    target_id: String,
) -> impl IntoView {
    let status = RwSignal::new("");
    Effect::new(move |_| Live::start(events_url.clone(), target_id.clone(), status));
    view! {
        // Off, because a list that moves must not talk over the reader.
        <span class="live-status" aria-live="off" hidden=move || status.get().is_empty()>
            {status}
        </span>
    }
}

struct Live {
    events_url: String,
    target_id: String,
    status: RwSignal<&'static str>,
    source: RefCell<Option<EventSource>>,
    /// Something changed that is not shown yet.
    stale: Cell<bool>,
    /// A fetch runs, or one ended less than [`PAUSE`] ago.
    busy: Cell<bool>,
    /// What the server last sent for each part that has an id. The page's own nodes cannot be asked: islands in them
    /// have changed them since.
    sent: RefCell<HashMap<String, String>>,
}

impl Live {
    fn start(events_url: String, target_id: String, status: RwSignal<&'static str>) {
        let live = Rc::new(Self {
            events_url,
            target_id,
            status,
            source: RefCell::default(),
            stale: Cell::new(false),
            busy: Cell::new(false),
            sent: RefCell::default(),
        });
        live.connect();
        let on_visibility = Rc::clone(&live);
        window_event_listener(ev::visibilitychange, move |_| match document().hidden() {
            true => on_visibility.disconnect(),
            false => {
                on_visibility.connect();
                // Whatever was said meanwhile was said to nobody.
                on_visibility.changed();
            }
        });
        // A page that the browser puts by for "back" must not hold a connection; it gets a new one when it is shown.
        let on_hide = Rc::clone(&live);
        window_event_listener(ev::Custom::<web_sys::Event>::new("pagehide"), move |_| on_hide.disconnect());
        window_event_listener(ev::Custom::<web_sys::Event>::new("pageshow"), move |_| {
            if live.source.borrow().is_none() && !document().hidden() {
                live.connect();
                live.changed();
            }
        });
    }

    fn connect(self: &Rc<Self>) {
        if document().hidden() || self.source.borrow().is_some() {
            return;
        }
        let Ok(source) = EventSource::new(&self.events_url) else { return };
        let status = self.status;
        let opened = Closure::<dyn Fn()>::new(move || status.set("Live"));
        // The browser tries again by itself, except where the server refused: then it has closed.
        let failed = {
            let source = source.clone();
            Closure::<dyn Fn()>::new(move || {
                status.set(if source.ready_state() == EventSource::CLOSED { "Not live" } else { "Reconnecting" });
            })
        };
        let live = Rc::clone(self);
        let said = Closure::<dyn Fn()>::new(move || live.changed());
        source.set_onopen(Some(opened.as_ref().unchecked_ref()));
        source.set_onerror(Some(failed.as_ref().unchecked_ref()));
        source.set_onmessage(Some(said.as_ref().unchecked_ref()));
        // One set a connection, and a connection a look at the tab: not worth the code that would free them.
        opened.forget();
        failed.forget();
        said.forget();
        *self.source.borrow_mut() = Some(source);
    }

    fn disconnect(&self) {
        if let Some(source) = self.source.borrow_mut().take() {
            source.close();
        }
    }

    fn changed(self: &Rc<Self>) {
        self.stale.set(true);
        self.refresh();
    }

    /// Fetches and swaps, if something is stale and nothing speaks against it now; then looks again after [`PAUSE`].
    fn refresh(self: &Rc<Self>) {
        if self.busy.get() || !self.stale.get() || document().hidden() {
            return;
        }
        self.busy.set(true);
        let live = Rc::clone(self);
        leptos::task::spawn_local(async move {
            if live.may_swap() {
                live.stale.set(false);
                if let Ok(page) = fetch_page().await {
                    // The reader may have begun to work in the element while the answer was on its way.
                    match live.may_swap() {
                        true => _ = live.swap(&page),
                        false => live.stale.set(true),
                    }
                }
            }
            set_timeout(
                move || {
                    live.busy.set(false);
                    live.refresh();
                },
                PAUSE,
            );
        });
    }

    fn target(&self) -> Option<Element> {
        document().get_element_by_id(&self.target_id)
    }

    /// Whether the element may change under the reader's hands.
    fn may_swap(&self) -> bool {
        let Some(target) = self.target() else { return false };
        let focused = document().active_element().is_some_and(|focused| {
            let control = matches!(focused.tag_name().as_str(), "INPUT" | "SELECT" | "TEXTAREA" | "BUTTON" | "A" | "SUMMARY");
            control && target.contains(Some(focused.as_ref()))
        });
        let selected = window().get_selection().ok().flatten().is_some_and(|selection| {
            let touches = |node: Option<Node>| target.contains(node.as_ref());
            !selection.is_collapsed() && (touches(selection.anchor_node()) || touches(selection.focus_node()))
        });
        // An old browser that does not know the second selector has none of them open.
        let open = target.query_selector("dialog[open], :popover-open").ok().flatten().is_some();
        !focused && !selected && !open
    }

    fn swap(&self, page: &str) -> Result<(), JsValue> {
        let fetched = DomParser::new()?.parse_from_string(page, SupportedType::TextHtml)?;
        // No such element: signed out, or the study is gone. What is shown stays, and the next click tells.
        let (Some(old), Some(new)) = (self.target(), fetched.get_element_by_id(&self.target_id)) else { return Ok(()) };

        let html = new.outer_html();
        let mut sent = self.sent.borrow_mut();
        if sent.insert(self.target_id.clone(), html.clone()).is_some_and(|before| before == html) {
            return Ok(());
        }
        let mut now = HashMap::from([(self.target_id.clone(), html)]);
        for part in elements(&new, "[id]")? {
            let (id, html) = (part.id(), part.outer_html());
            let same = sent.get(&id).is_some_and(|before| *before == html);
            now.insert(id.clone(), html);
            // A part of a part that was kept is kept with it.
            if same
                && new.contains(Some(part.as_ref()))
                && let Some(kept) = document().get_element_by_id(&id)
                && old.contains(Some(kept.as_ref()))
            {
                part.replace_with_with_node_1(&kept)?;
            }
        }
        *sent = now;
        old.replace_with_with_node_1(&new)?;
        wake_islands(&new)?;
        window().dispatch_event(&web_sys::Event::new(SWAPPED)?)?;
        Ok(())
    }
}

/// The page that is shown, as the server would send it now.
async fn fetch_page() -> Result<String, JsValue> {
    let location = window().location();
    // Without the fragment, which is no part of a request.
    let address = format!("{}{}", location.pathname()?, location.search()?);
    let response: Response = JsFuture::from(window().fetch_with_str(&address)).await?.dyn_into()?;
    if !response.ok() {
        return Err(JsValue::NULL);
    }
    let text = JsFuture::from(response.text()?).await?;
    text.as_string().ok_or(JsValue::NULL)
}

/// Hydrates the islands that came with new content, by the function that Leptos' page script leaves on `window`.
/// Those that were kept are awake already.
fn wake_islands(root: &Element) -> Result<(), JsValue> {
    let wake = js_sys::Reflect::get(&window(), &"__hydrateIsland".into())?;
    let Some(wake) = wake.dyn_ref::<js_sys::Function>() else { return Ok(()) };
    let awake = JsValue::from("hookwellAwake");
    for island in elements(root, "leptos-island")? {
        let Some(component) = island.dyn_ref::<HtmlElement>().and_then(|island| island.dataset().get("component")) else { continue };
        if js_sys::Reflect::get(&island, &awake)?.is_undefined() {
            js_sys::Reflect::set(&island, &awake, &JsValue::TRUE)?;
            wake.call2(&JsValue::UNDEFINED, &island, &component.into())?;
        }
    }
    Ok(())
}

fn elements(root: &Element, selector: &str) -> Result<Vec<Element>, JsValue> {
    let found = root.query_selector_all(selector)?;
    Ok((0..found.length()).filter_map(|index| found.get(index)?.dyn_into().ok()).collect())
}
