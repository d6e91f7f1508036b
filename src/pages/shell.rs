//! The document around every page.

use crate::islands::{FocusSearch, LocalTimes};
use leptos::config::LeptosOptions;
use leptos::prelude::*;

/// `<!DOCTYPE html>` to `</html>`. `script` is where the islands' script is; without it (they were not built in), the page is complete all the
/// same.
pub fn shell(title: String, stylesheet: &'static str, script: Option<LeptosOptions>, page: impl IntoView) -> impl IntoView {
    let islands = script.map(|options| view! { <HydrationScripts options=options islands=true /> });
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <title>{title}</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=stylesheet />
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
