//! What groups things on a page.

use super::{MaybeText, Slot};
use leptos::prelude::*;

/// A titled surface.
#[component]
pub fn Panel(
    /// Its `h2`.
    #[prop(into)]
    title: String,
    /// Links and buttons beside it.
    #[prop(optional, into)]
    actions: Slot,
    /// Its id, to link to.
    #[prop(optional, into)]
    id: MaybeText,
    /// Without space around the content: a table that fills it.
    #[prop(optional)]
    flush: bool,
    /// The content.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="panel" class:flush=flush id=id.0>
            <header class="panel-head">
                <h2>{title}</h2>
                <div class="toolbar">{actions.run()}</div>
            </header>
            <div class="panel-body">{children()}</div>
        </section>
    }
}

/// Around a `table.data`: scrolls sideways within itself, by keyboard too. A table that is also `.cards` becomes one card a row on a narrow
/// screen; each of its cells then needs a `data-label`.
#[component]
pub fn TableRegion(
    /// What the table shows.
    #[prop(into)]
    label: String,
    /// The table.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="table-region" role="region" aria-label=label tabindex="0">
            {children()}
        </div>
    }
}

/// A table whose head is words alone: within its region, a row a child. Becomes one card a row on a narrow screen, unless `plain`.
#[component]
pub fn DataTable(
    /// What it shows.
    #[prop(into)]
    label: String,
    /// What its columns are called; an empty name is that of the column with the row's actions.
    columns: &'static [&'static str],
    /// Stays a table on a narrow screen: for a few numbers.
    #[prop(optional)]
    plain: bool,
    /// The rows.
    children: Children,
) -> impl IntoView {
    let heads = columns
        .iter()
        .map(|name| match *name {
            "" => view! { <th scope="col"><span class="visually-hidden">"Actions"</span></th> }.into_any(),
            name => view! { <th scope="col">{name}</th> }.into_any(),
        })
        .collect_view();
    view! {
        <TableRegion label=label>
            <table class="data" class:cards=!plain>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </TableRegion>
    }
}
