//! What went wrong, what is safe, what to do next.

use crate::error::AppError;
use crate::ui::{BareFrame, Id};
use leptos::prelude::*;

/// The page of an error.
#[component]
pub fn ErrorPage(
    /// What went wrong.
    error: AppError,
    /// The request, as the log knows it.
    request_id: Option<String>,
    /// Whether it is a page of the console, so that there is a way back to one's studies.
    console: bool,
) -> impl IntoView {
    let (_, title) = error.kind();
    let number = request_id.filter(|_| error.status() >= 500).map(|id| {
        view! {
            <p class="muted">"For whoever runs this installation, the request was " <Id value=id whole=true /> "."</p>
        }
    });
    view! {
        <BareFrame title=title lead=error.to_string()>
            {number}
            {console.then(|| view! { <p><a class="button" href="/studies">"To your studies"</a></p> })}
        </BareFrame>
    }
}
