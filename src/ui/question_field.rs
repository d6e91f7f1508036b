//! A form's question as a field: on a response, on a record, and on the participant's own page.

use super::{Choice, MaybeText, RadioGroup, Select, TextArea, TextInput};
use crate::model::form::{Question, QuestionKind};
use leptos::prelude::*;

/// One question. It is sent as `answers.{key}`, which is also what its errors are called. The browser requires nothing: what is half filled in
/// can be saved.
#[component]
pub fn QuestionField(
    /// The question.
    question: Question,
    /// The answer as typed: `yes` and `no` for a yes-or-no.
    #[prop(optional, into)]
    value: String,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: MaybeText,
) -> impl IntoView {
    let Question { key, label, kind, required, choices } = question;
    let name = format!("answers.{key}");
    let optional = !required;
    match kind {
        QuestionKind::Text => {
            view! { <TextArea label=label name=name value=value error=error rows=2 maxlength=4000 optional=optional /> }.into_any()
        }
        QuestionKind::Number => {
            view! { <TextInput label=label name=name value=value error=error inputmode="decimal" short=true optional=optional /> }
                .into_any()
        }
        QuestionKind::Date => {
            view! { <TextInput label=label name=name kind="date" value=value error=error short=true optional=optional /> }.into_any()
        }
        QuestionKind::YesNo => {
            let mut options = vec![Choice::new("yes", "Yes"), Choice::new("no", "No")];
            // What was answered can be taken back, without a script.
            if optional || !value.is_empty() {
                options.push(Choice::new("", "No answer"));
            }
            view! { <RadioGroup label=label name=name options=options value=value error=error /> }.into_any()
        }
        QuestionKind::Choice => {
            let options = std::iter::once(Choice::new("", "No answer")).chain(choices.iter().map(|c| Choice::new(c, c))).collect();
            view! { <Select label=label name=name options=options value=value error=error optional=optional /> }.into_any()
        }
    }
}
