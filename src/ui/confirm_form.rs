//! An action that asks for a reason before it is done.

use super::{Icon, MaybeText};
use leptos::prelude::*;

/// A button that opens to a form: what will happen (the children), a required reason unless it is told not to ask, and the button that does it.
/// Needs no script.
#[component]
pub fn ConfirmForm(
    /// Tells it from others on the page: the reason's field has the id `f-{id}-reason`.
    #[prop(into)]
    id: String,
    /// Where it posts to.
    #[prop(into)]
    action: String,
    /// The button that opens it.
    #[prop(into)]
    label: String,
    /// The button that does it.
    #[prop(into)]
    submit: String,
    /// Hidden parameters.
    #[prop(optional)]
    hidden: Vec<(String, String)>,
    /// It cannot be undone, or stops something.
    #[prop(optional)]
    danger: bool,
    /// The icon of the button that opens it.
    #[prop(optional, into)]
    icon: MaybeText,
    /// What a reason might be.
    #[prop(default = "Kept in the audit trail.".into(), into)]
    hint: MaybeText,
    /// What was wrong with the reason; opens the form.
    #[prop(optional, into)]
    error: MaybeText,
    /// Whether it asks for a reason.
    #[prop(default = true)]
    reason: bool,
    /// Opens to the left, for a button at the right edge.
    #[prop(optional)]
    end: bool,
    /// What will happen.
    children: Children,
) -> impl IntoView {
    let open = error.0.is_some();
    let name = format!("{id}-reason");
    let hidden = hidden.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view();
    let field = reason.then(|| {
        view! {
            <super::Field label="Reason" name=name.clone() hint=hint.clone() error=error.clone()>
                <textarea
                    class="input"
                    id=super::field::field_id(&name)
                    name="reason"
                    rows="2"
                    required=true
                    maxlength="500"
                    aria-invalid=open.then_some("true")
                    aria-describedby=super::field::described_by(&name, &hint, &error)
                ></textarea>
            </super::Field>
        }
    });
    view! {
        <details class="confirm" class:end=end open=open>
            <summary class="button" class:danger=danger>
                {icon.0.map(|name| view! { <Icon name=name /> })}
                {label}
            </summary>
            <form class="confirm-body stack" method="post" action=action>
                <div class="stack-s">{children()}</div>
                {hidden}
                {field}
                <button class="button primary" class:danger=danger type="submit">
                    {submit}
                </button>
            </form>
        </details>
    }
}
