//! The head of a page: where one is, what it is, and what can be done.

use super::{Icon, Slot};
use leptos::prelude::*;

/// A breadcrumb: its text and address; the page itself has none.
pub type Crumb = (String, Option<String>);

/// Where one is. Nothing when there is nothing above the page.
#[component]
pub fn Breadcrumbs(
    /// From the outermost to the page itself.
    crumbs: Vec<Crumb>,
) -> impl IntoView {
    (crumbs.len() > 1).then(|| {
        let items = crumbs
            .into_iter()
            .map(|(label, href)| match href {
                Some(href) => view! {
                    <li>
                        <a href=href>{label}</a>
                        <Icon name="chevron-right" />
                    </li>
                }
                .into_any(),
                None => view! {
                    <li>
                        <span aria-current="page">{label}</span>
                    </li>
                }
                .into_any(),
            })
            .collect_view();
        view! {
            <nav class="crumbs" aria-label="Breadcrumbs">
                <ol>{items}</ol>
            </nav>
        }
    })
}

/// The `h1`, badges beside it, a line below it, and the page's actions (the children) at the right.
#[component]
pub fn PageHead(
    /// The `h1`: text, or a view.
    #[prop(into)]
    title: Slot,
    /// Badges after it.
    #[prop(optional, into)]
    badges: Slot,
    /// A line below it: text, or a view.
    #[prop(optional, into)]
    lead: Slot,
    /// Buttons and links.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="page-head">
            <div class="page-title">
                <h1>{title.run()}</h1>
                <span class="page-badges">{badges.run()}</span>
                <div class="lead">{lead.run()}</div>
            </div>
            {children.map(|actions| view! { <div class="toolbar">{actions()}</div> })}
        </div>
    }
}
