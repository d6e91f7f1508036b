//! One participant: who they are, where they are seen, what they answered.

use super::frame::{Console, Frame, participants_path};
use crate::islands::CopyButton;
use crate::model::form::Form;
use crate::model::page::Page;
use crate::model::participant::Participant;
use crate::model::response::{Response, ResponseStatus};
use crate::model::site::Site;
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::ui::{Badge, DataTable, Definition, DefinitionList, EmptyState, Icon, Id, NavKey, PageHead, Panel, TimeTag, Tone, address};
use leptos::prelude::*;

/// The page.
#[component]
pub fn ParticipantPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The participant.
    participant: Participant,
    /// Their site.
    site: Option<Site>,
    /// Their latest responses.
    responses: Page<Response>,
    /// The study's forms and surveys, archived ones too.
    forms: Vec<Form>,
) -> impl IntoView {
    let now = frame.now;
    let list = participants_path(&study);
    let p = participant;
    let crumbs = vec![("Participants".to_owned(), Some(list.clone())), (p.identifier.clone(), None)];
    let events = address(&format!("/s/{}/search", study.slug), &[("q".to_owned(), p.identifier.clone())]);
    let answered = answered(&study, &responses, &forms, now);
    let details = p.details.into_iter().map(|(name, value)| view! { <Definition term=name>{value}</Definition> }).collect_view();
    let none = || "–".to_owned();
    let id = p.id.to_string();
    let edit = format!("{list}/{id}/edit");
    view! {
        <Console frame=frame nav=NavKey::Participants crumbs=crumbs>
            <PageHead
                title=p.identifier
                lead=move || view! { <Id value=id.clone() whole=true /> " " <CopyButton text=id label="Copy".to_owned() /> }
            >
                <a class="button" href=events>
                    <Icon name="search" />
                    "Events and deliveries"
                </a>
                <a class="button" href=edit>
                    <Icon name="edit" />
                    "Edit"
                </a>
            </PageHead>
            <div class="stack">
                <Panel title="Participant">
                    <DefinitionList>
                        <Definition term="Site">{site.map_or_else(none, |s| s.name)}</Definition>
                        <Definition term="E-mail">{p.email.unwrap_or_else(none)}</Definition>
                        {details}
                        <Definition term="Came by">{p.origin.label()}</Definition>
                        <Definition term="Enrolled"><TimeTag t=p.created_at now=now /></Definition>
                        <Definition term="Last changed"><TimeTag t=p.updated_at now=now /></Definition>
                    </DefinitionList>
                </Panel>
                {answered}
            </div>
        </Console>
    }
}

fn answered(study: &Study, responses: &Page<Response>, forms: &[Form], now: Timestamp) -> impl IntoView + use<> {
    let slug = &study.slug;
    let table = if responses.items.is_empty() {
        let forms = format!("/s/{slug}/forms");
        view! {
            <EmptyState icon="list" title="Nothing is assigned to them yet">
                <p>"A response begins at a form or survey."</p>
                <div class="toolbar"><a class="button" href=forms>"Forms and surveys"</a></div>
            </EmptyState>
        }
        .into_any()
    } else {
        let rows = responses.items.iter().map(|r| row(slug, r, forms, now)).collect_view();
        view! {
            <DataTable label="Responses" columns=&["Form or survey", "Status", "Last saved (UTC)", "Response"]>{rows}</DataTable>
        }
        .into_any()
    };
    let title = if responses.next.is_some() { "Latest responses" } else { "Responses" };
    view! { <Panel title=title flush=true>{table}</Panel> }
}

fn row(slug: &str, r: &Response, forms: &[Form], now: Timestamp) -> impl IntoView + use<> {
    let form = forms.iter().find(|f| f.id == r.form_id).map_or_else(|| r.form_id.to_string(), |f| f.name.clone());
    let link = format!("/s/{slug}/responses/{}", r.id);
    let tone = match r.status {
        ResponseStatus::New => Tone::Neutral,
        ResponseStatus::Partial => Tone::Warning,
        ResponseStatus::Completed => Tone::Success,
    };
    view! {
        <tr>
            <td><a class="row-link" href=link>{form}</a></td>
            <td class="card-corner nowrap"><Badge tone=tone label=r.status.label() /></td>
            <td data-label="Last saved" class="one-line fit"><TimeTag t=r.updated_at now=now short=true /></td>
            <td data-label="Response"><Id value=r.id.to_string() /></td>
        </tr>
    }
}
