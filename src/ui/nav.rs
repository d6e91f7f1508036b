//! The side navigation: one table, from which both the sidebar and the narrow screen's menu are made.

use super::{Icon, StudyBadge};
use crate::model::permission::{Action, Decision, Standing};
use crate::model::study::StudyOfMember;
use leptos::prelude::*;

/// Which entry of the navigation a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NavKey {
    /// Activity → Events.
    Events,
    /// Study data → Participants.
    Participants,
    /// Study data → Forms and surveys.
    Forms,
    /// Study data → Records.
    Records,
    /// Study data → Schedules.
    Schedules,
    /// Settings → Integrations.
    Integrations,
    /// Settings → API keys.
    ApiKeys,
}

struct Entry {
    key: NavKey,
    label: &'static str,
    icon: &'static str,
    /// Below `/s/{slug}/`.
    path: &'static str,
    /// What somebody must be allowed for the entry to be of use to them.
    needs: Action,
}

/// Every entry that exists, by group. A new page adds its line here and nowhere else.
const NAV: &[(&str, &[Entry])] = &[
    ("Activity", &[Entry { key: NavKey::Events, label: "Events", icon: "inbox", path: "events", needs: Action::ReadMetadata }]),
    (
        "Study data",
        &[
            Entry { key: NavKey::Participants, label: "Participants", icon: "users", path: "participants", needs: Action::WriteStudyData },
            Entry { key: NavKey::Forms, label: "Forms and surveys", icon: "list", path: "forms", needs: Action::WriteStudyData },
            Entry { key: NavKey::Records, label: "Records", icon: "book", path: "records", needs: Action::WriteStudyData },
            Entry { key: NavKey::Schedules, label: "Schedules", icon: "calendar", path: "schedules", needs: Action::WriteStudyData },
        ],
    ),
    (
        "Settings",
        &[
            Entry {
                key: NavKey::Integrations,
                label: "Integrations",
                icon: "webhook",
                path: "settings/integrations",
                needs: Action::ReadMetadata,
            },
            Entry { key: NavKey::ApiKeys, label: "API keys", icon: "key", path: "settings/api-keys", needs: Action::ManagePeople },
        ],
    ),
];

/// The entries that this member of the study can use.
#[component]
pub(super) fn NavList(study: StudyOfMember, current: Option<NavKey>) -> impl IntoView {
    let standing = Standing::Member(study.role);
    NAV.iter()
        .map(|(group, entries)| {
            let items = entries
                .iter()
                .filter(|e| standing.decide(e.needs) != Decision::Deny)
                .map(|e| {
                    let href = format!("/s/{}/{}", study.study.slug, e.path);
                    let here = (current == Some(e.key)).then_some("page");
                    view! {
                        <li>
                            <a class="nav-link" href=href aria-current=here>
                                <Icon name=e.icon />
                                {e.label}
                            </a>
                        </li>
                    }
                })
                .collect::<Vec<_>>();
            // A group of which somebody can use nothing is not there for them.
            (!items.is_empty()).then(|| {
                view! {
                    <p class="nav-group">{*group}</p>
                    <ul class="nav-list">{items}</ul>
                }
            })
        })
        .collect_view()
}

/// The current study with its badge; opens to the others.
#[component]
pub fn StudySwitcher(
    /// The study of the page; `None` on pages that belong to none.
    current: Option<StudyOfMember>,
    /// Every study of the person.
    studies: Vec<StudyOfMember>,
) -> impl IntoView {
    let here = current.as_ref().map(|c| c.study.slug.clone());
    let items = studies
        .into_iter()
        .map(|s| {
            let is_here = here.as_deref() == Some(s.study.slug.as_str());
            view! {
                <li>
                    <a class="switcher-link" href=format!("/s/{}/settings/integrations", s.study.slug) aria-current=is_here.then_some("true")>
                        <span class="switcher-name">{s.study.name}</span>
                        <StudyBadge production=s.study.production />
                        <span class="switcher-role">{s.role.label()}</span>
                    </a>
                </li>
            }
        })
        .collect_view();
    let head = match current {
        Some(c) => view! {
            <span class="switcher-name">{c.study.name}</span>
            <StudyBadge production=c.study.production />
            <span class="switcher-role">{c.role.label()}</span>
        }
        .into_any(),
        None => view! { <span class="switcher-name">"Choose a study"</span> }.into_any(),
    };
    view! {
        <details class="switcher">
            <summary>
                <span class="visually-hidden">"Study: "</span>
                {head}
                <Icon name="chevrons" />
            </summary>
            <ul class="switcher-list">{items}</ul>
        </details>
    }
}
