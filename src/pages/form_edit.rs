//! Adding a form or survey, and making its next version.

use super::conflict::Conflict;
use super::forms::{form_path, forms_path};
use super::frame::{Console, Frame};
use crate::model::form::{Form, FormDraft, FormKind};
use crate::model::problem::FieldErrors;
use crate::model::study::Study;
use crate::ui::{Choice, ErrorSummary, FormActions, FormErrors, FormSection, NavKey, PageHead, RadioGroup, TextArea, TextInput};
use leptos::prelude::*;

const EXAMPLE: &str = "pain | How strong is your pain, 0 to 10? | number | required
since | Since when? | date
side | Which side? | choice: left, right, both
fever | Do you have a fever? | yes_no
note | Anything else? | text";

/// A new one.
#[component]
pub fn NewFormPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// What was typed.
    draft: FormDraft,
    /// What is wrong with it.
    errors: FieldErrors,
) -> impl IntoView {
    let path = forms_path(&study);
    let crumbs = vec![("Forms and surveys".to_owned(), Some(path.clone())), ("Add".to_owned(), None)];
    let kinds = vec![
        Choice::new(FormKind::Form.as_str(), "Form").hint("Filled in at the study. Its values can be kept as records too."),
        Choice::new(FormKind::Survey.as_str(), "Survey").hint("Answered by participants, who can be given a link."),
    ];
    let action = format!("{path}/new");
    let (kind, form_errors) = (draft.kind.clone(), FormErrors::new(errors.clone()));
    view! {
        <Console frame=frame nav=NavKey::Forms crumbs=crumbs>
            <PageHead title="Add a form or survey" />
            <ErrorSummary errors=errors />
            <form class="stack" method="post" action=action>
                <FormSection title="What it is">
                    <RadioGroup label="Kind" name="kind" options=kinds value=kind error=form_errors.of("kind") />
                    <TextInput label="Name" name="name" value=draft.name error=form_errors.of("name") required=true maxlength=200 placeholder="KCCQ-12" />
                </FormSection>
                {questions(draft.questions, form_errors)}
                <FormActions>
                    <button class="button primary" type="submit">"Add it"</button>
                    <a class="button quiet" href=path>"Cancel"</a>
                </FormActions>
            </form>
        </Console>
    }
}

/// An existing one.
#[component]
pub fn EditFormPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// As it is.
    form: Form,
    /// What was typed.
    draft: FormDraft,
    /// The version that the person began with.
    version: i64,
    /// What is wrong with it.
    errors: FieldErrors,
    /// That somebody else changed it meanwhile.
    conflict: Option<String>,
) -> impl IntoView {
    let path = form_path(&study, &form.id);
    let crumbs = vec![
        ("Forms and surveys".to_owned(), Some(forms_path(&study))),
        (form.name.clone(), Some(path.clone())),
        ("Edit".to_owned(), None),
    ];
    let (action, again) = (format!("{path}/edit?version={version}"), format!("{path}/edit"));
    let form_errors = FormErrors::new(errors.clone());
    view! {
        <Console frame=frame nav=NavKey::Forms crumbs=crumbs>
            <PageHead
                title="Edit"
                lead=format!("A change makes version {}. Responses that were begun keep the questions of theirs.", form.version + 1)
            />
            <ErrorSummary errors=errors />
            <Conflict message=conflict again=again />
            <form class="stack" method="post" action=action>
                <input type="hidden" name="kind" value=draft.kind />
                <FormSection title="What it is">
                    <TextInput label="Name" name="name" value=draft.name error=form_errors.of("name") required=true maxlength=200 />
                </FormSection>
                {questions(draft.questions, form_errors)}
                <FormActions>
                    <button class="button primary" type="submit">"Save"</button>
                    <a class="button quiet" href=path>"Cancel"</a>
                </FormActions>
            </form>
        </Console>
    }
}

fn questions(value: String, errors: FormErrors) -> impl IntoView {
    view! {
        <FormSection
            title="Questions"
            about=|| view! {
                <p>"One a line: "<code>"key | question | kind | required"</code>". Leave the last part out for what may stay empty."</p>
                <p>"Kinds: "<code>"text"</code>", "<code>"number"</code>", "<code>"yes_no"</code>", "<code>"date"</code>", "<code>"choice: one, two"</code>"."</p>
            }
        >
            <TextArea
                label="Questions"
                name="questions"
                value=value
                error=errors.of("questions")
                hint="Example: pain | How strong is your pain? | number | required"
                placeholder=EXAMPLE
                rows=10
                mono=true
                optional=true
            />
        </FormSection>
    }
}
