//! Responses: beginning one, and filling it in.

use super::answers::{AnswerFields, Sheet};
use super::conflict::Conflict;
use super::forms::{form_path, forms_path};
use super::frame::{Console, Frame};
use crate::islands::CopyButton;
use crate::model::form::Form;
use crate::model::id::ResponseId;
use crate::model::participant::Participant;
use crate::model::problem::FieldErrors;
use crate::model::response::{Response, ResponseStatus};
use crate::model::study::Study;
use crate::model::synchronous::SyncOutcome;
use crate::model::time::Timestamp;
use crate::ui::{
    Badge, Banner, Choice, CodeBlock, Definition, DefinitionList, ErrorSummary, FormActions, FormErrors, Icon, Id, NavKey, PageHead, Panel,
    Select, SyncDialog, TextInput, TimeTag, Tone,
};
use leptos::prelude::*;

/// The path of a response's page.
pub fn response_path(study: &Study, id: &ResponseId) -> String {
    format!("/s/{}/responses/{id}", study.slug)
}

/// A response in a list.
#[derive(Debug, Clone)]
pub struct ResponseRow {
    /// The response.
    pub response: Response,
    /// Whose it is, as the study knows them.
    pub participant: String,
}

/// How far a response is.
#[component]
pub fn StatusBadge(
    /// Its status.
    status: ResponseStatus,
) -> impl IntoView {
    let tone = match status {
        ResponseStatus::New => Tone::Neutral,
        ResponseStatus::Partial => Tone::Warning,
        ResponseStatus::Completed => Tone::Success,
    };
    view! { <Badge tone=tone label=status.label() /> }
}

/// A row of a form's responses.
pub fn response_row(row: ResponseRow, study: &Study, now: Timestamp) -> impl IntoView + use<> {
    let ResponseRow { response, participant } = row;
    view! {
        <tr>
            <td><a class="row-link" href=response_path(study, &response.id)>{participant}</a></td>
            <td class="card-corner"><StatusBadge status=response.status /></td>
            <td data-label="Version">{response.form_version}</td>
            <td data-label="Submitted by">{response.submitted_by.map_or("–", |s| s.label())}</td>
            <td class="nowrap" data-label="Changed"><TimeTag t=response.updated_at now=now /></td>
        </tr>
    }
}

/// Which form, and whose response.
#[derive(Debug, Clone, Default)]
pub struct BeginDraft {
    /// A form's id.
    pub form: String,
    /// A participant's identifier.
    pub participant: String,
}

/// Beginning a response.
#[component]
pub fn NewResponsePage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The forms and surveys that take responses.
    forms: Vec<Form>,
    /// What was typed.
    draft: BeginDraft,
    /// What is wrong with it.
    errors: FieldErrors,
) -> impl IntoView {
    let path = forms_path(&study);
    let chosen = forms.iter().find(|f| f.id.as_str() == draft.form);
    let back = chosen.map_or_else(|| path.clone(), |f| form_path(&study, &f.id));
    let mut crumbs = vec![("Forms and surveys".to_owned(), Some(path))];
    crumbs.extend(chosen.map(|f| (f.name.clone(), Some(back.clone()))));
    crumbs.push(("Begin a response".to_owned(), None));
    let options = forms.iter().map(|f| Choice::new(f.id.as_str(), format!("{} ({})", f.name, f.kind.label().to_lowercase()))).collect();
    let form_errors = FormErrors::new(errors.clone());
    let action = format!("/s/{}/responses/new", study.slug);
    view! {
        <Console frame=frame nav=NavKey::Forms crumbs=crumbs>
            <PageHead title="Begin a response" lead="Then fill it in here, or give the participant a link to it." />
            <ErrorSummary errors=errors title="Nothing was begun." />
            <Panel title="Whose, and to what">
                <form class="stack" method="post" action=action>
                    <Select label="Form or survey" name="form" options=options value=draft.form error=form_errors.of("form") />
                    <TextInput
                        label="Participant"
                        name="participant"
                        value=draft.participant
                        error=form_errors.of("participant")
                        hint="Their identifier in this study."
                        placeholder="HF-0001"
                        required=true
                        maxlength=100
                    />
                    <FormActions>
                        <button class="button primary" type="submit">"Begin"</button>
                        <a class="button quiet" href=back>"Cancel"</a>
                    </FormActions>
                </form>
            </Panel>
        </Console>
    }
}

/// What a response's page shows around its answers.
#[derive(Debug, Clone)]
pub struct ResponseAbout {
    /// The study.
    pub study: Study,
    /// The response.
    pub response: Response,
    /// Its form or survey as it is now.
    pub form: Form,
    /// Whose it is.
    pub participant: Participant,
}

/// One response.
#[component]
pub fn ResponsePage(
    /// Who and where.
    frame: Frame,
    /// What it is about.
    about: ResponseAbout,
    /// Its questions and what stands in their fields.
    sheet: Sheet,
    /// The version that the person began with.
    version: i64,
    /// That somebody else changed it meanwhile.
    conflict: Option<String>,
    /// What came of the synchronous webhooks of the save before.
    outcomes: Vec<SyncOutcome>,
    /// The participant's link, on the one view that shows it.
    link: Option<String>,
) -> impl IntoView {
    let now = frame.now;
    let ResponseAbout { study, response, form, participant } = about;
    let path = response_path(&study, &response.id);
    let crumbs = vec![
        ("Forms and surveys".to_owned(), Some(forms_path(&study))),
        (form.name.clone(), Some(form_path(&study, &form.id))),
        (participant.identifier.clone(), None),
    ];
    let completed = response.status == ResponseStatus::Completed;
    let status = response.status;
    let kind = form.kind.label().to_lowercase();
    let make_link = (!completed).then(|| {
        view! {
            <form method="post" action=format!("{path}/link")>
                <button class="button" type="submit"><Icon name="external" />"Make participant’s link"</button>
            </form>
        }
    });
    let shown = link.map(|link| {
        view! {
            <Banner tone=Tone::Success title="This is the participant’s link. It is shown this once: copy it now.">
                <CodeBlock label="Participant’s link" text=link.clone() wrap=true>
                    <CopyButton text=link label="Copy".to_owned() />
                </CodeBlock>
                <p class="small">"Whoever has it can answer without signing in. A link that was made before opens nothing any more."</p>
            </Banner>
        }
    });
    let buttons = if completed {
        view! { <button class="button primary" type="submit" name="status" value="completed">"Save again"</button> }.into_any()
    } else {
        // The first is what the Enter key does: it must not complete anything.
        view! {
            <button class="button" type="submit" name="status" value="partial">"Save (partial)"</button>
            <button class="button primary" type="submit" name="status" value="completed">"Complete"</button>
        }
        .into_any()
    };
    let what = if completed {
        "It is completed, and stays so. Saving it again tells no webhook."
    } else {
        "Saving tells no webhook. Completing does, once."
    };
    let older = (response.form_version < form.version)
        .then(|| format!("It was begun with version {} of this {kind}; now it is at version {}.", response.form_version, form.version));
    let names = sheet.names();
    let errors = sheet.errors.clone();
    let saved = format!("The response of {} is saved.", participant.identifier);
    view! {
        <Console frame=frame nav=NavKey::Forms crumbs=crumbs>
            <PageHead
                title=format!("{} of {}", form.name, participant.identifier)
                badges=move || view! { <StatusBadge status=status /> }
            >
                {make_link}
            </PageHead>
            <SyncDialog outcomes=outcomes saved=saved deliveries=format!("/s/{}/deliveries", study.slug) now=now />
            <ErrorSummary errors=errors names=names />
            <Conflict message=conflict again=path.clone() />
            <div class="stack">
                {shown}
                <Panel title="Answers">
                    <form class="stack" method="post" action=format!("{path}?version={version}")>
                        {older.map(|text| view! { <p class="small muted">{text}</p> })}
                        <AnswerFields sheet=sheet />
                        <FormActions>
                            {buttons}
                            <span class="small muted">{what}</span>
                        </FormActions>
                    </form>
                </Panel>
                <Panel title="About it">
                    <DefinitionList>
                        <Definition term="Id"><Id value=response.id.to_string() whole=true /></Definition>
                        <Definition term="Begun"><TimeTag t=response.created_at now=now /></Definition>
                        <Definition term="Changed"><TimeTag t=response.updated_at now=now /></Definition>
                        {response
                            .completed_at
                            .map(|at| view! { <Definition term="Completed"><TimeTag t=at now=now /></Definition> })}
                        {response
                            .submitted_by
                            .map(|by| view! { <Definition term="Submitted by">{by.label()}</Definition> })}
                    </DefinitionList>
                </Panel>
            </div>
        </Console>
    }
}
