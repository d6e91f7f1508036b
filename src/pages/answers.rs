//! The questions of a form with their answers, as fields: the same on a response, on a record and on the participant's own page.

use crate::model::answers_draft::AnswersDraft;
use crate::model::form::Question;
use crate::model::problem::FieldErrors;
use crate::ui::{FormErrors, QuestionField, TextArea};
use leptos::prelude::*;

/// What is asked, what was typed, and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// The questions of the version that is answered.
    pub questions: Vec<Question>,
    /// What stands in the fields.
    pub typed: AnswersDraft,
    /// What is wrong, with the fields around the answers too.
    pub errors: FieldErrors,
}

impl Sheet {
    /// What the fields are called, for the list of errors.
    pub fn names(&self) -> Vec<(String, String)> {
        let mut names: Vec<(String, String)> = self.questions.iter().map(|q| (format!("answers.{}", q.key), q.label.clone())).collect();
        names.push(("answers".to_owned(), "Values".to_owned()));
        names
    }
}

/// A field for each question; a form without questions has one for any JSON object.
#[component]
pub fn AnswerFields(
    /// What is asked and answered.
    sheet: Sheet,
) -> impl IntoView {
    let Sheet { questions, typed, errors } = sheet;
    let errors = FormErrors::new(errors);
    if questions.is_empty() {
        let value = typed.object.unwrap_or_default();
        return view! {
            <TextArea
                label="Values"
                name="answers"
                value=value
                error=errors.of("answers")
                hint="This form has no questions; it takes any JSON object."
                rows=8
                mono=true
            />
        }
        .into_any();
    }
    questions
        .into_iter()
        .map(|question| {
            let (value, error) = (typed.text(&question.key), errors.of(&format!("answers.{}", question.key)));
            view! { <QuestionField question=question value=value error=error /> }
        })
        .collect_view()
        .into_any()
}
