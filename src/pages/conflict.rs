//! That what was typed could not be saved, because somebody else was first.

use crate::ui::{Banner, Tone};
use leptos::prelude::*;

/// Stands above a form that is shown again with what was typed. Nothing when nothing is in the way.
#[component]
pub fn Conflict(
    /// What is in the way.
    message: Option<String>,
    /// Where the present state is.
    #[prop(into)]
    again: String,
) -> impl IntoView {
    message.map(|text| {
        view! {
            <div role="alert">
                <Banner tone=Tone::Danger title="Not saved">
                    <p>{text}</p>
                    <p><a href=again>"Load the present state"</a> " (what you typed below is lost then)"</p>
                </Banner>
            </div>
        }
    })
}
