//! What every page behind sign-in has around it.

use crate::model::permission::{Action, Standing};
use crate::model::study::{Study, StudyOfMember};
use crate::model::time::Timestamp;
use crate::model::user::User;
use crate::ui::{ConsoleFrame, Crumb, Flash, NavKey};
use leptos::prelude::*;

/// What the frame around a page shows.
#[derive(Clone)]
pub struct Frame {
    /// Who is signed in.
    pub user: User,
    /// Their studies.
    pub studies: Vec<StudyOfMember>,
    /// The study of the page.
    pub current: Option<StudyOfMember>,
    /// What the page before left to be said.
    pub flash: Option<Flash>,
    /// How many of the study's notices they have not read; `None` where notices are not for them.
    pub unread: Option<i64>,
    /// The time of the request, for "3 min ago".
    pub now: Timestamp,
}

impl Frame {
    /// Whether the person may do this in the page's study: to offer it or not.
    pub fn may(&self, action: Action) -> bool {
        self.current.as_ref().is_some_and(|s| Standing::Member(s.role).may(action))
    }
}

/// The page's study.
pub fn integrations_path(study: &Study) -> String {
    format!("/s/{}/settings/integrations", study.slug)
}

/// The path of a webhook's pages.
pub fn webhook_path(study: &Study, id: &crate::model::id::WebhookId) -> String {
    format!("{}/{id}", integrations_path(study))
}

/// The path of an event's page.
pub fn event_path(study: &Study, id: &crate::model::id::EventId) -> String {
    format!("/s/{}/events/{id}", study.slug)
}

/// The path of the list of participants.
pub fn participants_path(study: &Study) -> String {
    format!("/s/{}/participants", study.slug)
}

/// The frame around a page.
#[component]
pub fn Console(
    /// Who and where.
    frame: Frame,
    /// The entry of the navigation.
    #[prop(default = None, into)]
    nav: Option<NavKey>,
    /// From the outermost to the page itself.
    #[prop(optional)]
    crumbs: Vec<Crumb>,
    /// What was searched for.
    #[prop(optional, into)]
    search: String,
    /// The page.
    children: Children,
) -> impl IntoView {
    view! {
        <ConsoleFrame
            user=frame.user.name
            study=frame.current
            studies=frame.studies
            nav=nav
            crumbs=crumbs
            flash=frame.flash
            search=search
            unread=frame.unread
        >
            {children()}
        </ConsoleFrame>
    }
}
