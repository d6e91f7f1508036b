//! The document around every page, and the table of routes. Rendered on the server alone.

use crate::{islands::CopyButton, server::assets};
use leptos::{config::LeptosOptions, hydration::HydrationScripts, prelude::*};
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    path,
};

/// The whole document. Everything that it loads has the response's nonce or comes from this server; see
/// [`crate::server::security_headers`].
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="stylesheet" href=assets::url("style.css") />
                <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
                {assets::has_islands().then(|| view! { <HydrationScripts options=options islands=true /> })}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The table of routes. A page names itself with `<Title text="…"/>`.
///
/// `SsrMode::Async`: a page is sent whole, so that its status and its redirect can depend on what it read, and so that
/// it works without the scripts that would put late parts into their places.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|title: String| if title.is_empty() { "Hookwell".to_owned() } else { format!("{title} – Hookwell") } />
        <Router>
            <FlatRoutes fallback=|| "There is no such page.">
                <Route path=path!("/") view=Home ssr=SsrMode::Async />
            </FlatRoutes>
        </Router>
    }
}

#[component]
fn Home() -> impl IntoView {
    view! {
        <Title text="Overview" />
        <main>
            <h1>"Hookwell"</h1>
            <CopyButton text="whsec_example".to_owned() label="Copy".to_owned() />
        </main>
    }
}
