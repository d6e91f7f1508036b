//! The style guide, for development builds: every component in every state, and whole pages composed of them, to copy from.

mod components;
mod deliveries;
mod delivery;
mod edit;
mod integrations;
mod sample;
mod sign_in;
mod study_data;

use super::{BareFrame, ConsoleFrame, Flash, NavKey, Tab, Tabs};
use components::Components;
use deliveries::DeliveriesMock;
use delivery::DeliveryMock;
use edit::EditMock;
use integrations::{EmptyMock, IntegrationsMock, LockedMock};
use leptos::prelude::*;
use sign_in::SignInMock;

/// The pages of the style guide: what stands in the address, and what it is called.
pub const PAGES: &[(&str, &str)] = &[
    ("components", "Components"),
    ("integrations", "Integrations"),
    ("deliveries", "Deliveries"),
    ("delivery", "Delivery"),
    ("edit", "Edit form"),
    ("empty", "Nothing yet"),
    ("locked", "Locked"),
    ("sign-in", "Sign-in"),
];

/// One page of the style guide.
#[component]
pub fn Styleguide(
    /// Which of [`PAGES`]; anything else is the first.
    #[prop(optional, into)]
    page: String,
) -> impl IntoView {
    if page == "sign-in" {
        return view! {
            <BareFrame title="Sign in" lead="Webhooks of your studies, and what became of them.">
                <SignInMock />
            </BareFrame>
        }
        .into_any();
    }
    let crumb = |label: &str, href: Option<&str>| (label.to_owned(), href.map(str::to_owned));
    let root = crumb("Integrations", Some("/s/onco-301/integrations"));
    let webhook = crumb("CTMS enrolment feed", Some("/s/onco-301/integrations/wh"));
    let (crumbs, flash) = match page.as_str() {
        "deliveries" => (vec![root, crumb("CTMS enrolment feed", None)], None),
        "delivery" => (
            vec![root, webhook, crumb("Delivery", None)],
            Some(Flash::success("The retry is on its way. This page shows its answer when it is there.")),
        ),
        "edit" => (vec![root, webhook, crumb("Edit", None)], None),
        _ => (Vec::new(), None),
    };
    let tabs = PAGES
        .iter()
        .enumerate()
        .map(|(i, (key, label))| Tab::new(*label, format!("?page={key}"), *key == page || (i == 0 && page.is_empty())))
        .collect::<Vec<_>>();
    let content = match page.as_str() {
        "integrations" => view! { <IntegrationsMock /> }.into_any(),
        "deliveries" => view! { <DeliveriesMock /> }.into_any(),
        "delivery" => view! { <DeliveryMock /> }.into_any(),
        "edit" => view! { <EditMock /> }.into_any(),
        "empty" => view! { <EmptyMock /> }.into_any(),
        "locked" => view! { <LockedMock /> }.into_any(),
        _ => view! {
            <Tabs label="Style guide" tabs=tabs />
            <Components />
        }
        .into_any(),
    };
    view! {
        <ConsoleFrame
            user="Ada Okonkwo"
            study=sample::studies().remove(0)
            studies=sample::studies()
            nav=NavKey::Integrations
            crumbs=crumbs
            flash=flash
            unread=3
        >
            {content}
        </ConsoleFrame>
    }
    .into_any()
}

#[cfg(test)]
mod tests;
