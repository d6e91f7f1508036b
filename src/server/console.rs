//! The console: handlers of its pages, one file a noun, each as short as: read, find out who asks, call a service, answer.
//!
//! A page's address is also where its form posts. A form that fails is answered with the page again (422), filled in, the message
//! at its field; one that succeeds is answered with a redirect and a flash message in the session.

pub mod account;
pub mod api_keys;
pub mod deliveries;
pub mod events;
pub mod forms;
pub mod imports;
pub mod notices;
pub mod participant_answer;
pub mod participants;
pub mod records;
pub mod render;
pub mod replays;
pub mod responses;
pub mod review_levels;
pub mod saved;
pub mod schedules;
pub mod sign_in;
pub mod sites;
pub mod studies;
pub mod test;
pub mod visitor;
pub mod webhooks;

pub use render::{again, answered, html};
pub use visitor::{Answer, Fields, Form, FormAnd, Query, Version, Visitor, WebError, see_other};

/// `GET /styleguide?page=…`, in development builds.
#[cfg(debug_assertions)]
pub async fn styleguide(visitor: Visitor, Query(query): Query<std::collections::HashMap<String, String>>) -> Answer {
    use leptos::prelude::*;
    let page = query.get("page").cloned().unwrap_or_default();
    Ok(html(&visitor, "Style guide", move || view! { <crate::ui::gallery::Styleguide page=page /> }).await)
}
