//! The list of everything that is wrong, above a form.

use super::field::field_id;
use super::text::capitalised;
use super::Icon;
use crate::model::problem::FieldErrors;
use leptos::prelude::*;

/// What is wrong with a form, each with a link to its field. Takes the focus as the page opens, without a script. Nothing when nothing is wrong.
#[component]
pub fn ErrorSummary(
    /// What is wrong.
    errors: FieldErrors,
    /// Names of fields and what they are called on the page. A name that is not here is spelt out: `timeout_seconds` → "Timeout seconds".
    #[prop(optional)]
    labels: &'static [(&'static str, &'static str)],
    /// What was not done.
    #[prop(default = "Nothing was saved. Mend the following and try again.".into(), into)]
    title: String,
) -> impl IntoView {
    (!errors.is_empty()).then(|| {
        let items = errors
            .0
            .into_iter()
            .map(|e| {
                let label = labels.iter().find(|(name, _)| *name == e.field).map(|(_, label)| (*label).to_owned());
                let label = label.unwrap_or_else(|| capitalised(&e.field.replace(['_', '-'], " ")));
                let text = format!("{label}: {}", e.message);
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
