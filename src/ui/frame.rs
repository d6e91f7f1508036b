//! What stands around every page: the console's frame, and the bare one of sign-in and set-up.

use super::nav::NavList;
use super::{Breadcrumbs, Crumb, Flash, FlashView, Icon, NavKey, StudySwitcher};
use crate::model::study::StudyOfMember;
use leptos::prelude::*;

/// The frame of every page behind sign-in: top bar, side navigation (a menu on a narrow screen), breadcrumbs, flash message, and the page.
///
/// The page itself begins with a [`super::PageHead`], which holds the `h1`.
#[component]
pub fn ConsoleFrame(
    /// The person's name.
    #[prop(into)]
    user: String,
    /// The study of the page, with the person's role in it. `None` on pages of no study (account, list of studies): no navigation then.
    #[prop(default = None, into)]
    study: Option<StudyOfMember>,
    /// Every study of the person, for the switcher.
    #[prop(optional)]
    studies: Vec<StudyOfMember>,
    /// The entry of the navigation that the page belongs to.
    #[prop(default = None, into)]
    nav: Option<NavKey>,
    /// From the outermost to the page itself, which has no address.
    #[prop(optional)]
    crumbs: Vec<Crumb>,
    /// A message left by the action before.
    #[prop(default = None, into)]
    flash: Option<Flash>,
    /// What was searched for, where the page is the answer to a search.
    #[prop(optional, into)]
    search: String,
    /// Where the sign-out button posts to.
    #[prop(default = "/sign-out".into(), into)]
    sign_out: String,
    /// How many notices of the study the person has not read; `None` where notices are not for them.
    #[prop(default = None, into)]
    unread: Option<i64>,
    /// The page.
    children: Children,
) -> impl IntoView {
    let bell = study.as_ref().zip(unread).map(|(s, unread)| view! { <Bell href=format!("/s/{}/notices", s.study.slug) unread=unread /> });
    let search_action = study.as_ref().map(|s| format!("/s/{}/search", s.study.slug));
    let side = |study: &Option<StudyOfMember>| {
        let list = study.clone().map(|s| view! { <NavList study=s current=nav /> });
        view! {
            <StudySwitcher current=study.clone() studies=studies.clone() />
            <nav aria-label="Main">{list}</nav>
        }
    };
    let narrow = side(&study);
    let wide = side(&study);
    view! {
        <a class="skip-link" href="#main">
            "Skip to the page"
        </a>
        <div class="frame">
            <header class="topbar">
                <a class="wordmark" href="/">
                    <Icon name="hookwell" />
                    "Hookwell"
                </a>
                {search_action
                    .map(|action| {
                        view! {
                            <form class="search" method="get" action=action role="search">
                                <label class="visually-hidden" for="search">
                                    "Search by id"
                                </label>
                                <Icon name="search" />
                                <input
                                    type="search"
                                    id="search"
                                    name="q"
                                    value=search
                                    placeholder="Participant, event, delivery or webhook"
                                    autocomplete="off"
                                    spellcheck="false"
                                    maxlength="200"
                                />
                            </form>
                        }
                    })}
                <div class="account">
                    {bell}
                    <a class="account-link" href="/account">
                        <Icon name="user" />
                        <span class="account-name">{user}</span>
                    </a>
                    <form method="post" action=sign_out>
                        <button class="button quiet" type="submit">
                            <Icon name="sign-out" />
                            <span class="account-word">"Sign out"</span>
                        </button>
                    </form>
                </div>
            </header>
            <details class="nav-menu">
                <summary>
                    <Icon name="menu" />
                    "Menu"
                </summary>
                <div class="nav-panel">{narrow}</div>
            </details>
            <div class="sidebar">{wide}</div>
            <main id="main" class="main" tabindex="-1">
                <Breadcrumbs crumbs=crumbs />
                <FlashView flash=flash />
                {children()}
            </main>
        </div>
    }
}

/// The way to the notices, with how many are unread.
#[component]
fn Bell(href: String, unread: i64) -> impl IntoView {
    let label = match unread {
        0 => "Notices".to_owned(),
        n => format!("Notices, {n} unread"),
    };
    let count = (unread > 0).then(|| if unread > 99 { "99+".to_owned() } else { unread.to_string() });
    view! {
        <a class="bell" href=href aria-label=label title="Notices">
            <Icon name="bell" />
            {count.map(|count| view! { <span class="bell-count" aria-hidden="true">{count}</span> })}
        </a>
    }
}

/// The frame of pages before sign-in: the product's name and one card.
#[component]
pub fn BareFrame(
    /// The `h1`.
    #[prop(into)]
    title: String,
    /// A sentence below it.
    #[prop(optional, into)]
    lead: String,
    /// A message left by the action before.
    #[prop(default = None, into)]
    flash: Option<Flash>,
    /// The card's content.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="bare">
            <header class="bare-brand">
                <span class="wordmark">
                    <Icon name="hookwell" />
                    "Hookwell"
                </span>
            </header>
            <main id="main" class="bare-card stack">
                <div>
                    <h1>{title}</h1>
                    {(!lead.is_empty()).then(|| view! { <p class="lead">{lead}</p> })}
                </div>
                <FlashView flash=flash />
                {children()}
            </main>
        </div>
    }
}
