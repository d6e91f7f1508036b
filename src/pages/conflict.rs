//! That what was typed could not be saved, because somebody else was first.

use crate::ui::{Banner, MaybeText, Tone};
use leptos::prelude::*;

/// Stands above a form that is shown again with what was typed. Nothing when nothing is in the way.
#[component]
pub fn Conflict(
    /// What is in the way.
    message: Option<String>,
    /// Where the present state is, when that is another than the person began with.
    #[prop(optional, into)]
    again: MaybeText,
) -> impl IntoView {
    message.map(|text| {
        let again = again.0.map(|href| view! { <p><a href=href>"Load the present state"</a> " (what you typed below is lost then)"</p> });
        view! {
            <div role="alert">
                <Banner tone=Tone::Danger title="Not saved">
                    <p>{text}</p>
                    {again}
                </Banner>
            </div>
        }
    })
}
