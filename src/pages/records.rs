//! Records: the list, and saving a new one.

use super::answers::{AnswerFields, Sheet};
use super::frame::{Console, Frame};
use crate::model::form::Form;
use crate::model::id::RecordId;
use crate::model::page::Page;
use crate::model::record::{Record, ReviewLevels};
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::ui::{
    Badge, Choice, DataTable, EmptyState, ErrorSummary, FilterBar, FormActions, FormErrors, Icon, NavKey, PageHead, Pager, Panel, Select,
    TextInput, TimeTag, Tone,
};
use leptos::prelude::*;

/// The path of a study's records.
pub fn records_path(study: &Study) -> String {
    format!("/s/{}/records", study.slug)
}

/// The path of a record's page.
pub fn record_path(study: &Study, id: &RecordId) -> String {
    format!("{}/{id}", records_path(study))
}

/// How far a record's review is.
#[component]
pub fn ReviewBadge(
    /// The level that it has reached.
    review: Option<u8>,
    /// The study's levels.
    levels: ReviewLevels,
) -> impl IntoView {
    let level = review.and_then(|seq| levels.at(seq).cloned());
    let locked = levels.lock_at(review).is_some();
    let badge = match level {
        Some(level) => view! { <Badge tone=Tone::Info label=level.name /> }.into_any(),
        None => view! { <Badge label="Not reviewed" /> }.into_any(),
    };
    view! {
        {badge}
        {locked.then(|| view! { " " <Badge tone=Tone::Warning label="Locked" /> })}
    }
}

/// A record in a list.
#[derive(Debug, Clone)]
pub struct RecordRow {
    /// The record.
    pub record: Record,
    /// Its form's name.
    pub form: String,
    /// About whom it is, as the study knows them.
    pub participant: Option<String>,
}

/// The records of a study.
#[component]
pub fn RecordsPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// Its forms, archived ones too.
    forms: Vec<Form>,
    /// Its review levels.
    levels: ReviewLevels,
    /// The id of the form that the list is of; empty: of all.
    form: String,
    /// The list's cursor; empty on its first page.
    cursor: String,
    /// The records.
    page: Page<RecordRow>,
) -> impl IntoView {
    let now = frame.now;
    let path = records_path(&study);
    let (new, levels_path) = (format!("{path}/new"), format!("{path}/levels"));
    let (first, pager) = (new.clone(), path.clone());
    let filtered = !form.is_empty();
    let mut options = vec![Choice::new("", "Any form")];
    options.extend(forms.iter().map(|f| Choice::new(f.id.as_str(), f.name.clone())));
    let body = if page.items.is_empty() {
        let title = if filtered { "No records of this form" } else { "No records yet" };
        view! {
            <EmptyState icon="book" title=title>
                <p>
                    "A record holds a form’s values. Saving it, changing it and reviewing it each tell the webhooks that are subscribed to that; with a
                    synchronous webhook, whoever saves sees what it answered."
                </p>
                <p><a class="button primary" href=first>"New record"</a></p>
            </EmptyState>
        }
        .into_any()
    } else {
        let rows = page.items.into_iter().map(|row| record_row(row, &study, &levels, now)).collect_view();
        let query = vec![("form".to_owned(), form.clone())];
        view! {
            <Panel title="Records" flush=true>
                <DataTable label="Records" columns=&["Number", "Form", "Participant", "Review", "Changed"]>{rows}</DataTable>
                <Pager path=pager query=query cursor=cursor next=page.next />
            </Panel>
        }
        .into_any()
    };
    view! {
        <Console frame=frame nav=NavKey::Records>
            <PageHead title="Records" lead="Values that are saved, changed and reviewed.">
                <a class="button" href=levels_path><Icon name="settings" />"Review levels"</a>
                <a class="button primary" href=new><Icon name="plus" />"New record"</a>
            </PageHead>
            <FilterBar action=path active=filtered label="Filter records">
                <Select label="Form" name="form" options=options value=form />
            </FilterBar>
            {body}
        </Console>
    }
}

fn record_row(row: RecordRow, study: &Study, levels: &ReviewLevels, now: Timestamp) -> impl IntoView + use<> {
    let RecordRow { record, form, participant } = row;
    view! {
        <tr>
            <td><a class="row-link" href=record_path(study, &record.id)>"Record "{record.trans_id}</a></td>
            <td data-label="Form">{form}</td>
            <td data-label="Participant">{participant.unwrap_or_else(|| "–".to_owned())}</td>
            <td data-label="Review"><span class="badges"><ReviewBadge review=record.review levels=levels.clone() /></span></td>
            <td class="nowrap" data-label="Changed"><TimeTag t=record.updated_at now=now /></td>
        </tr>
    }
}

/// A new record.
#[component]
pub fn NewRecordPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The forms that take records.
    forms: Vec<Form>,
    /// The one that was chosen.
    form: Option<Form>,
    /// The participant's identifier as typed.
    participant: String,
    /// The form's questions and what stands in their fields.
    sheet: Sheet,
) -> impl IntoView {
    let path = records_path(&study);
    let crumbs = vec![("Records".to_owned(), Some(path.clone())), ("New record".to_owned(), None)];
    let action = format!("{path}/new");
    let options = forms.iter().map(|f| Choice::new(f.id.as_str(), f.name.clone())).collect();
    let (names, errors) = (sheet.names(), sheet.errors.clone());
    let form_errors = FormErrors::new(errors.clone());
    let chosen = form.as_ref().map(|f| f.id.to_string()).unwrap_or_default();
    let choose_action = action.clone();
    let choose = if forms.is_empty() {
        view! {
            <EmptyState icon="list" title="There is no form to fill in">
                <p><a href=format!("/s/{}/forms/new", study.slug)>"Add a form"</a>" first: a record holds its values."</p>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <Panel title="Form">
                <form class="toolbar" method="get" action=choose_action>
                    <Select label="Form" name="form" options=options value=chosen error=form_errors.of("form") />
                    <button class="button" type="submit">"Show its questions"</button>
                </form>
            </Panel>
        }
        .into_any()
    };
    let fill = form.map(|form| {
        view! {
            <Panel title=form.name.clone()>
                <form class="stack" method="post" action=format!("{action}?form={}", form.id)>
                    <TextInput
                        label="Participant"
                        name="participant"
                        value=participant
                        error=form_errors.of("participant")
                        hint="Their identifier in this study."
                        maxlength=100
                        optional=true
                    />
                    <AnswerFields sheet=sheet />
                    <FormActions>
                        <button class="button primary" type="submit">"Save the record"</button>
                        <a class="button quiet" href=path>"Cancel"</a>
                    </FormActions>
                </form>
            </Panel>
        }
    });
    view! {
        <Console frame=frame nav=NavKey::Records crumbs=crumbs>
            <PageHead title="New record" />
            <ErrorSummary errors=errors names=names />
            <div class="stack">
                {choose}
                {fill}
            </div>
        </Console>
    }
}
