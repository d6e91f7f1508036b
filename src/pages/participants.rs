//! The participants of a study: a list that can be filtered.

use super::frame::{Console, Frame, participants_path};
use crate::islands::CopyButton;
use crate::model::page::Page;
use crate::model::participant::{Participant, ParticipantQuery};
use crate::model::problem::FieldErrors;
use crate::model::site::Site;
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::ui::{
    Choice, DataTable, EmptyState, ErrorSummary, FilterBar, FormErrors, Icon, Id, NavKey, PageHead, Pager, Panel, Select, TextInput,
    TimeTag,
};
use leptos::prelude::*;

/// The list.
#[component]
pub fn ParticipantsPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The study's sites.
    sites: Vec<Site>,
    /// What is looked for.
    query: ParticipantQuery,
    /// What is wrong with that.
    errors: FieldErrors,
    /// The participants of this page.
    page: Page<Participant>,
) -> impl IntoView {
    let now = frame.now;
    let path = participants_path(&study);
    let filtered = query.is_filtered();
    let body = if page.items.is_empty() && !filtered && query.cursor.is_empty() && errors.is_empty() {
        empty(&path).into_any()
    } else {
        list(&path, &sites, query, &errors, page, now).into_any()
    };
    view! {
        <Console frame=frame nav=NavKey::Participants>
            <PageHead title="Participants" lead="Whom the study is about. A new one, however they come, makes the event participant.created, once.">
                <a class="button" href=format!("{path}/sites")>"Sites"</a>
                <a class="button" href=format!("{path}/import")>"Import CSV"</a>
                <a class="button primary" href=format!("{path}/new")>
                    <Icon name="plus" />
                    "Add participant"
                </a>
            </PageHead>
            <ErrorSummary errors=errors title="The filter cannot be used as it is." />
            {body}
        </Console>
    }
}

fn empty(path: &str) -> impl IntoView + use<> {
    let path = path.to_owned();
    view! {
        <EmptyState icon="users" title="No participants yet">
            <p>
                "Add them one by one, import a list from a CSV file, or let a platform send them over the API. Webhooks that are subscribed to participant.created are told of each."
            </p>
            <div class="toolbar">
                <a class="button primary" href=format!("{path}/new")>"Add the first participant"</a>
                <a class="button" href=format!("{path}/import")>"Import CSV"</a>
                <a class="button" href=format!("{path}/sites")>"Add the study’s sites first"</a>
            </div>
        </EmptyState>
    }
}

fn list(
    path: &str,
    sites: &[Site],
    query: ParticipantQuery,
    errors: &FieldErrors,
    page: Page<Participant>,
    now: Timestamp,
) -> impl IntoView + use<> {
    let errors = FormErrors::new(errors.clone());
    let mut options = vec![Choice::new("", "Any site")];
    options.extend(sites.iter().map(|s| Choice::new(s.id.to_string(), s.name.clone())));
    let kept = vec![("site".to_owned(), query.site.clone()), ("begins".to_owned(), query.begins.clone())];
    let filtered = query.is_filtered();
    let table = if page.items.is_empty() {
        view! {
            <EmptyState icon="filter" title="Nobody is like that">
                <p>"Take a filter away, or clear them all. Capital and small letters of an identifier differ."</p>
            </EmptyState>
        }
        .into_any()
    } else {
        let rows = page.items.iter().map(|p| row(path, sites, p, now)).collect_view();
        view! {
            <DataTable label="Participants" columns=&["Identifier", "Site", "Came by", "Enrolled (UTC)", "Id"]>{rows}</DataTable>
        }
        .into_any()
    };
    let path = path.to_owned();
    view! {
        <FilterBar action=path.clone() active=filtered label="Filter participants">
            <TextInput label="Identifier begins with" name="begins" value=query.begins.clone() mono=true maxlength=100 />
            <Select label="Site" name="site" options=options.clone() value=query.site.clone() error=errors.of("site") />
        </FilterBar>
        <Panel title="Participants" flush=true>
            {table}
            <Pager path=path query=kept cursor=query.cursor next=page.next />
        </Panel>
    }
}

fn row(path: &str, sites: &[Site], p: &Participant, now: Timestamp) -> impl IntoView + use<> {
    let site = p.site_id.as_ref().and_then(|id| sites.iter().find(|s| s.id == *id)).map_or("–", |s| &s.name).to_owned();
    let id = p.id.to_string();
    view! {
        <tr>
            <td><a class="row-link" href=format!("{path}/{id}")>{p.identifier.clone()}</a></td>
            <td data-label="Site" class="name">{site}</td>
            <td data-label="Came by">{p.origin.label()}</td>
            <td data-label="Enrolled" class="one-line fit"><TimeTag t=p.created_at now=now short=true /></td>
            <td data-label="Id" class="fit"><span><Id value=id.clone() /> " " <CopyButton text=id label="Copy".to_owned() /></span></td>
        </tr>
    }
}
