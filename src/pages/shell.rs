//! The document around every page.

use crate::islands::{FocusSearch, LocalTimes};
use crate::server::assets;
use leptos::prelude::*;

/// `<!DOCTYPE html>` to `</html>`. Without the islands' script (they were not built in), the page is complete all the same.
pub fn shell(title: String, page: impl IntoView) -> impl IntoView {
    let islands = assets::has_islands().then(|| {
        view! { <HydrationScripts options=assets::leptos_options() islands=true /> }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <title>{title}</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=assets::url("style.css") />
                {islands}
            </head>
            <body>
                {page}
                <LocalTimes />
                <FocusSearch />
            </body>
        </html>
    }
}
