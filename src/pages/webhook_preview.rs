//! The preview of the exact request, above a webhook's form.

use crate::model::preview::Preview;
use crate::ui::{Banner, CodeBlock, HeaderTable, Panel, Tone};
use leptos::prelude::*;

/// What a sample would send. `dropped`: something secret was typed, which the form below no longer holds.
pub(super) fn panel(preview: Preview, dropped: bool) -> impl IntoView {
    let pretty =
        serde_json::from_str::<serde_json::Value>(&preview.body).and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_default();
    let note = format!("{} bytes", preview.body.len());
    let again = dropped.then(|| {
        view! { <p>"Secrets, passwords, tokens and values of headers that you typed are not kept in the form: type them again before you save."</p> }
    });
    view! {
        <div role="status">
            <Banner tone=Tone::Info title="This is what would be sent. Nothing was saved, and nothing was sent.">
                <p>"A sample of “" {preview.event_type.label()} "” with dummy values; a live event has the same form."</p>
                {again}
            </Banner>
        </div>
        <Panel title="Request" id="preview">
            <div class="stack">
                <CodeBlock label="Request line" text=format!("{} {}", preview.method, preview.url) wrap=true />
                <HeaderTable headers=preview.headers caption="Headers" />
                <CodeBlock label="Body" text=preview.body note=note wrap=true />
                <CodeBlock label="Body, formatted" text=pretty />
            </div>
        </Panel>
    }
}
