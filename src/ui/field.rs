//! What every form field has around it: label, hint, error.

use super::text::capitalised;
use super::{Icon, MaybeText};
use leptos::prelude::*;

/// The id of the control of the field `name`: what labels, error summaries and tests refer to.
pub(super) fn field_id(name: &str) -> String {
    format!("f-{name}")
}

/// `aria-describedby` of the control: the hint's and the error's ids, where they are.
pub(super) fn described_by(name: &str, hint: &MaybeText, error: &MaybeText) -> Option<String> {
    let mut ids = Vec::new();
    if error.0.is_some() {
        ids.push(format!("f-{name}-error"));
    }
    if hint.0.is_some() {
        ids.push(format!("f-{name}-hint"));
    }
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// The hint of a field.
#[component]
pub(super) fn Hint(name: String, hint: MaybeText) -> impl IntoView {
    hint.0.map(|text| view! { <p class="hint" id=format!("f-{name}-hint")>{text}</p> })
}

/// The error of a field.
#[component]
pub(super) fn ErrorText(name: String, error: MaybeText) -> impl IntoView {
    error.0.map(|text| {
        view! {
            <p class="field-error" id=format!("f-{name}-error")>
                <Icon name="alert" />
                <span>{capitalised(&text)}</span>
            </p>
        }
    })
}

/// A field with a control of its own kind as its child. The control must have the id `f-{name}`, and `aria-describedby` with `f-{name}-error`
/// and `f-{name}-hint` where there are such.
#[component]
pub fn Field(
    /// What it is called.
    #[prop(into)]
    label: String,
    /// The parameter's name.
    #[prop(into)]
    name: String,
    /// What to know before one types.
    #[prop(optional, into)]
    hint: MaybeText,
    /// What is wrong with what was typed.
    #[prop(optional, into)]
    error: MaybeText,
    /// Says "optional" beside the label: most fields are required.
    #[prop(optional)]
    optional: bool,
    /// The control.
    children: Children,
) -> impl IntoView {
    let invalid = error.0.is_some();
    view! {
        <div class="field" class:invalid=invalid>
            <label class="label" for=field_id(&name)>
                {label}
                {optional.then(|| view! { <span class="optional">" (optional)"</span> })}
            </label>
            <Hint name=name.clone() hint=hint />
            {children()}
            <ErrorText name=name error=error />
        </div>
    }
}
