//! The list of everything that is wrong, above a form.

use super::field::field_id;
use super::text::capitalised;
use super::{Icon, MaybeText};
use crate::model::problem::FieldErrors;
use leptos::prelude::*;

/// The errors of a form, as a handle that can be copied: every section of the form is a closure and needs its own.
#[derive(Debug, Clone, Copy)]
pub struct FormErrors(StoredValue<FieldErrors>);

impl FormErrors {
    /// Keeps them for as long as the page is rendered.
    pub fn new(errors: FieldErrors) -> Self {
        Self(StoredValue::new(errors))
    }

    /// The message for a field: what its component's `error` takes.
    pub fn of(self, field: &str) -> MaybeText {
        self.0.with_value(|errors| errors.of(field).into())
    }
}

impl From<FieldErrors> for FormErrors {
    fn from(errors: FieldErrors) -> Self {
        Self::new(errors)
    }
}

/// What is wrong with a form, each with a link to its field. Takes the focus as the page opens, without a script. Nothing when nothing is wrong.
#[component]
pub fn ErrorSummary(
    /// What is wrong: a [`FormErrors`] or [`FieldErrors`].
    #[prop(into)]
    errors: FormErrors,
    /// Names of fields and what they are called on the page. A name that is not here is spelt out: `timeout_seconds` → "Timeout seconds".
    #[prop(optional)]
    labels: &'static [(&'static str, &'static str)],
    /// The same for fields that only the data knows, such as a form's questions.
    #[prop(optional)]
    names: Vec<(String, String)>,
    /// What was not done.
    #[prop(default = "Nothing was saved. Mend the following and try again.".into(), into)]
    title: String,
) -> impl IntoView {
    let errors = errors.0.get_value();
    (!errors.is_empty()).then(|| {
        let items = errors
            .0
            .into_iter()
            .map(|e| {
                let fixed = labels.iter().find(|(name, _)| *name == e.field).map(|(_, label)| (*label).to_owned());
                let label = fixed.or_else(|| names.iter().find(|(name, _)| *name == e.field).map(|(_, label)| label.clone()));
                let label = label.unwrap_or_else(|| capitalised(&e.field.replace(['_', '-'], " ")));
                // A question has its own mark at its end.
                let mark = if label.ends_with('?') { " –" } else { ":" };
                let text = format!("{label}{mark} {}", e.message);
                if e.field.is_empty() {
                    view! { <li>{capitalised(&e.message)}</li> }.into_any()
                } else {
                    view! {
                        <li>
                            <a href=format!("#{}", field_id(&e.field))>{text}</a>
                        </li>
                    }
                    .into_any()
                }
            })
            .collect_view();
        view! {
            <div class="error-summary tone-danger" role="alert" tabindex="-1" autofocus=true id="errors" aria-labelledby="errors-title">
                <h2 id="errors-title">
                    <Icon name="x-circle" />
                    {title}
                </h2>
                <ul>{items}</ul>
            </div>
        }
    })
}
