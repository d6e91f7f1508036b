//! Forms and surveys: the list, and one with its questions and responses.

use super::frame::{Console, Frame};
use super::responses::{ResponseRow, response_row};
use crate::islands::CopyButton;
use crate::model::form::{Form, FormKind, Question};
use crate::model::id::FormId;
use crate::model::page::Page;
use crate::model::response::ResponseStatus;
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::ui::{
    Badge, ConfirmForm, DataTable, Definition, DefinitionList, EmptyState, Icon, Id, NavKey, PageHead, Pager, Panel, TimeTag, Tone, address,
};
use leptos::prelude::*;

/// The path of a study's forms.
pub fn forms_path(study: &Study) -> String {
    format!("/s/{}/forms", study.slug)
}

/// The path of a form's pages.
pub fn form_path(study: &Study, id: &FormId) -> String {
    format!("{}/{id}", forms_path(study))
}

/// How many responses of each status a form has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(pub Vec<(ResponseStatus, i64)>);

impl Counts {
    /// Of one status.
    pub fn of(&self, status: ResponseStatus) -> i64 {
        self.0.iter().find(|(s, _)| *s == status).map_or(0, |(_, n)| *n)
    }

    /// Of all.
    pub fn all(&self) -> i64 {
        self.0.iter().map(|(_, n)| n).sum()
    }
}

/// Form or survey.
#[component]
fn KindBadge(kind: FormKind) -> impl IntoView {
    let tone = match kind {
        FormKind::Form => Tone::Neutral,
        FormKind::Survey => Tone::Info,
    };
    view! { <Badge tone=tone label=kind.label() /> }
}

/// The forms and surveys of a study.
#[component]
pub fn FormsPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The forms, each with its responses.
    forms: Vec<(Form, Counts)>,
    /// Whether these are the archived ones.
    archived: bool,
) -> impl IntoView {
    let now = frame.now;
    let path = forms_path(&study);
    let rows = forms.iter().map(|(form, counts)| row(form, counts, &study, now)).collect_view();
    let new = format!("{path}/new");
    let first = new.clone();
    let body = match (forms.is_empty(), archived) {
        (false, _) => view! {
            <Panel title=if archived { "Archived" } else { "Forms and surveys" } flush=true>
                <DataTable label="Forms and surveys" columns=&["Name", "Kind", "Version", "New", "Partial", "Completed", "Changed"]>{rows}</DataTable>
            </Panel>
        }
        .into_any(),
        (true, true) => view! {
            <EmptyState icon="archive" title="Nothing is archived">
                <p>"What is archived takes no new responses; those that are there stay readable here."</p>
            </EmptyState>
        }
        .into_any(),
        (true, false) => view! {
            <EmptyState icon="list" title="No forms or surveys yet">
                <p>
                    "A form is filled in at the study, a survey is answered by participants. Completing one tells the webhooks that are subscribed
                    to it, once; saving it half filled in tells nobody."
                </p>
                <p><a class="button primary" href=first>"Add a form or survey"</a></p>
            </EmptyState>
        }
        .into_any(),
    };
    let link = |label: &'static str, href: String, here: bool| {
        view! { <li><a class="chip" href=href aria-current=here.then_some("page")>{label}</a></li> }
    };
    view! {
        <Console frame=frame nav=NavKey::Forms>
            <PageHead title="Forms and surveys" lead="What participants are asked, and how far their answers are.">
                <a class="button primary" href=new>
                    <Icon name="plus" />
                    "Add a form or survey"
                </a>
            </PageHead>
            <nav aria-label="Filter">
                <ul class="chips filter-links">
                    {link("In use", path.clone(), !archived)}
                    {link("Archived", format!("{path}?archived=true"), archived)}
                </ul>
            </nav>
            {body}
        </Console>
    }
}

fn row(form: &Form, counts: &Counts, study: &Study, now: Timestamp) -> impl IntoView + use<> {
    let path = form_path(study, &form.id);
    let count = |status: ResponseStatus| {
        let n = counts.of(status);
        let href = format!("{path}?status={}#responses", status.as_str());
        let shown = if n == 0 {
            view! { <span class="muted">"0"</span> }.into_any()
        } else {
            view! { <a class="count-link" href=href>{n}</a> }.into_any()
        };
        view! { <td data-label=status.label()>{shown}</td> }
    };
    let questions = match form.questions.len() {
        0 => "Any values".to_owned(),
        1 => "1 question".to_owned(),
        n => format!("{n} questions"),
    };
    view! {
        <tr>
            <td>
                <a class="row-link" href=path.clone()>{form.name.clone()}</a>
                <span class="sub">{questions}</span>
            </td>
            <td class="card-corner"><KindBadge kind=form.kind /></td>
            <td data-label="Version">{form.version}</td>
            {count(ResponseStatus::New)}
            {count(ResponseStatus::Partial)}
            {count(ResponseStatus::Completed)}
            <td class="nowrap" data-label="Changed"><TimeTag t=form.updated_at now=now /></td>
        </tr>
    }
}

/// One form or survey.
#[component]
pub fn FormPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The form.
    form: Form,
    /// Its responses in numbers.
    counts: Counts,
    /// The status that the list is filtered by.
    status: Option<ResponseStatus>,
    /// The list's cursor; empty on its first page.
    cursor: String,
    /// The responses.
    page: Page<ResponseRow>,
) -> impl IntoView {
    let now = frame.now;
    let path = form_path(&study, &form.id);
    let crumbs = vec![("Forms and surveys".to_owned(), Some(forms_path(&study))), (form.name.clone(), None)];
    let in_use = form.archived_at.is_none();
    let begin = format!("/s/{}/responses/new?form={}", study.slug, form.id);
    let record = format!("/s/{}/records/new?form={}", study.slug, form.id);
    let records = format!("/s/{}/records?form={}", study.slug, form.id);
    let is_form = form.kind == FormKind::Form;
    let (edit, archive) = (format!("{path}/edit"), format!("{path}/archive"));
    let actions = in_use.then(|| {
        view! {
            <a class="button primary" href=begin>"Begin a response"</a>
            {is_form.then(|| view! { <a class="button" href=record>"New record"</a> })}
            <a class="button" href=edit><Icon name="edit" />"Edit"</a>
            <ConfirmForm id="archive" action=archive label="Archive" submit="Archive it" icon="archive" danger=true reason=false end=true>
                <p>"It takes no new responses or records. What is there stays, and what was begun can be completed."</p>
            </ConfirmForm>
        }
    });
    let kind = form.kind;
    let version = form.version;
    let archived = form.archived_at;
    let id = form.id.to_string();
    let events = match form.kind {
        FormKind::Form => "form.completed, when a response is completed",
        FormKind::Survey => "survey.created, when one is begun; survey.completed, when it is completed",
    };
    let questions = questions(&form.questions);
    view! {
        <Console frame=frame nav=NavKey::Forms crumbs=crumbs>
            <PageHead
                title=form.name.clone()
                badges=move || view! {
                    <KindBadge kind=kind />
                    <Badge label=format!("Version {version}") />
                    {archived.map(|at| view! { <Badge label="Archived" title=at.human() /> })}
                }
            >
                {actions}
            </PageHead>
            <div class="stack">
                <Panel title="Responses" id="responses" flush=true>
                    {responses(&study, &path, &counts, status, &cursor, page, now)}
                </Panel>
                {questions}
                <Panel title="About it">
                    <DefinitionList>
                        <Definition term="Id">
                            <Id value=id.clone() whole=true />
                            " "
                            <CopyButton text=id label="Copy".to_owned() />
                        </Definition>
                        <Definition term="Events">{events}</Definition>
                        {is_form.then(|| view! { <Definition term="Records"><a href=records>"Its records"</a></Definition> })}
                        <Definition term="Made"><TimeTag t=form.created_at now=now /></Definition>
                        <Definition term="Changed"><TimeTag t=form.updated_at now=now /></Definition>
                    </DefinitionList>
                </Panel>
            </div>
        </Console>
    }
}

fn responses(
    study: &Study,
    path: &str,
    counts: &Counts,
    status: Option<ResponseStatus>,
    cursor: &str,
    page: Page<ResponseRow>,
    now: Timestamp,
) -> impl IntoView + use<> {
    let chip = |label: String, value: Option<ResponseStatus>| {
        let query = [("status".to_owned(), value.map(|s| s.as_str().to_owned()).unwrap_or_default())];
        let href = format!("{}#responses", address(path, &query));
        view! { <li><a class="chip" href=href aria-current=(value == status).then_some("page")>{label}</a></li> }
    };
    let mut chips = vec![chip(format!("All {}", counts.all()), None)];
    chips.extend(ResponseStatus::ALL.iter().map(|s| chip(format!("{} {}", s.label(), counts.of(*s)), Some(*s))));
    let table = if page.items.is_empty() {
        let title = if status.is_some() { "None is that far" } else { "No responses yet" };
        view! {
            <EmptyState icon="inbox" title=title>
                <p>"Begin one for a participant; then fill it in, or give them the link to it."</p>
            </EmptyState>
        }
        .into_any()
    } else {
        let rows = page.items.into_iter().map(|row| response_row(row, study, now)).collect_view();
        view! { <DataTable label="Responses" columns=&["Participant", "Status", "Version", "Submitted by", "Changed"]>{rows}</DataTable> }
            .into_any()
    };
    let query = vec![("status".to_owned(), status.map(|s| s.as_str().to_owned()).unwrap_or_default())];
    view! {
        <nav class="panel-filter" aria-label="Status">
            <ul class="chips filter-links">{chips}</ul>
        </nav>
        {table}
        <Pager path=path.to_owned() query=query cursor=cursor.to_owned() next=page.next />
    }
}

fn questions(questions: &[Question]) -> impl IntoView + use<> {
    let rows = questions
        .iter()
        .map(|q| {
            let kind =
                if q.choices.is_empty() { q.kind.label().to_owned() } else { format!("{}: {}", q.kind.label(), q.choices.join(", ")) };
            view! {
                <tr>
                    <td>{q.label.clone()}</td>
                    <td data-label="Key"><code>{q.key.clone()}</code></td>
                    <td data-label="Answer">{kind}</td>
                    <td data-label="Required">{if q.required { "Yes" } else { "No" }}</td>
                </tr>
            }
        })
        .collect_view();
    if questions.is_empty() {
        return view! {
            <Panel title="Questions"><p class="muted">"None: a response may hold any values. Edit it to ask questions."</p></Panel>
        }
        .into_any();
    }
    view! {
        <Panel title="Questions" flush=true>
            <DataTable label="Questions" columns=&["Question", "Key", "Answer", "Required"]>{rows}</DataTable>
        </Panel>
    }
    .into_any()
}
