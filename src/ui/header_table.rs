//! HTTP headers.

use leptos::prelude::*;

/// HTTP headers, a line each.
#[component]
pub fn HeaderTable(
    /// Names and values.
    headers: Vec<(String, String)>,
    /// What they are, e.g. "Request headers".
    #[prop(into)]
    caption: String,
) -> impl IntoView {
    if headers.is_empty() {
        return view! { <p class="muted">{format!("{caption}: none.")}</p> }.into_any();
    }
    let rows = headers
        .into_iter()
        .map(|(name, value)| {
            view! {
                <tr>
                    <th scope="row">{name}</th>
                    <td>{value}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="headers">
            <caption>{caption}</caption>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
