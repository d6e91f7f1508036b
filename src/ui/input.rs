//! Text inputs.

use super::MaybeText;
use super::field::{Field, described_by, field_id};
use leptos::prelude::*;

/// One line of text.
#[component]
pub fn TextInput(
    /// What it is called.
    #[prop(into)]
    label: String,
    /// The parameter's name.
    #[prop(into)]
    name: String,
    /// What stands in it.
    #[prop(optional, into)]
    value: String,
    /// `text`, `password`, `email`, `url`, `number`, `datetime-local`, `search`.
    #[prop(default = "text")]
    kind: &'static str,
    /// What to know before one types.
    #[prop(optional, into)]
    hint: MaybeText,
    /// What is wrong.
    #[prop(optional, into)]
    error: MaybeText,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// Says "optional" beside the label.
    #[prop(optional)]
    optional: bool,
    /// Shown, cannot be changed, is not sent.
    #[prop(optional)]
    disabled: bool,
    /// An example, where the field is empty.
    #[prop(optional, into)]
    placeholder: MaybeText,
    /// What a browser may fill in: `email`, `username`, `one-time-code`, `off`.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// `numeric`, `url`, `email`: the keyboard of a phone.
    #[prop(optional, into)]
    inputmode: MaybeText,
    /// Characters at least.
    #[prop(default = None, into)]
    minlength: Option<u32>,
    /// Characters at most.
    #[prop(default = None, into)]
    maxlength: Option<u32>,
    /// Least number.
    #[prop(optional, into)]
    min: MaybeText,
    /// Greatest number.
    #[prop(optional, into)]
    max: MaybeText,
    /// Monospaced: ids, URLs, headers.
    #[prop(optional)]
    mono: bool,
    /// Narrow: a number, a code.
    #[prop(optional)]
    short: bool,
    /// A unit or the like after it, e.g. `seconds`.
    #[prop(optional, into)]
    suffix: MaybeText,
) -> impl IntoView {
    let class = format!("input{}{}", if mono { " mono" } else { "" }, if short { " short" } else { "" });
    let invalid = error.0.is_some().then_some("true");
    let described = described_by(&name, &hint, &error);
    view! {
        <Field label=label name=name.clone() hint=hint error=error optional=optional>
            <div class="input-row">
                <input
                    class=class
                    id=field_id(&name)
                    name=name
                    type=kind
                    value=value
                    required=required
                    disabled=disabled
                    placeholder=placeholder.0
                    autocomplete=autocomplete
                    inputmode=inputmode.0
                    minlength=minlength.map(|n| n.to_string())
                    maxlength=maxlength.map(|n| n.to_string())
                    min=min.0
                    max=max.0
                    spellcheck=(mono || kind != "text").then_some("false")
                    aria-invalid=invalid
                    aria-describedby=described
                />
                {suffix.0.map(|text| view! { <span class="suffix">{text}</span> })}
            </div>
        </Field>
    }
}

/// A password or another secret, not shown as it is typed. Never filled in by the server.
#[component]
pub fn PasswordInput(
    /// What it is called.
    #[prop(into)]
    label: String,
    /// The parameter's name.
    #[prop(into)]
    name: String,
    /// What stands in it: the mark for "keep" alone, never a secret.
    #[prop(optional, into)]
    value: String,
    /// What to know before one types.
    #[prop(optional, into)]
    hint: MaybeText,
    /// What is wrong.
    #[prop(optional, into)]
    error: MaybeText,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// Says "optional" beside the label.
    #[prop(optional)]
    optional: bool,
    /// `current-password`, `new-password`, `off`.
    #[prop(default = "current-password")]
    autocomplete: &'static str,
    /// Characters at least.
    #[prop(default = None, into)]
    minlength: Option<u32>,
    /// Characters at most.
    #[prop(default = None, into)]
    maxlength: Option<u32>,
) -> impl IntoView {
    view! {
        <TextInput
            label=label
            name=name
            kind="password"
            value=value
            hint=hint
            error=error
            required=required
            optional=optional
            autocomplete=autocomplete
            minlength=minlength
            maxlength=maxlength
        />
    }
}

/// A file to upload. Its form must be `enctype="multipart/form-data"`; what was chosen cannot be kept when the form is shown again.
#[component]
pub fn FileInput(
    /// What it is called.
    #[prop(into)]
    label: String,
    /// The parameter's name.
    #[prop(into)]
    name: String,
    /// What a browser offers first, e.g. `.csv,text/csv`.
    accept: &'static str,
    /// What to know before one chooses.
    #[prop(optional, into)]
    hint: MaybeText,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: MaybeText,
) -> impl IntoView {
    let invalid = error.0.is_some().then_some("true");
    let described = described_by(&name, &hint, &error);
    view! {
        <Field label=label name=name.clone() hint=hint error=error>
            <input
                class="input"
                id=field_id(&name)
                name=name
                type="file"
                accept=accept
                required=true
                aria-invalid=invalid
                aria-describedby=described
            />
        </Field>
    }
}

/// Several lines of text.
#[component]
pub fn TextArea(
    /// What it is called.
    #[prop(into)]
    label: String,
    /// The parameter's name.
    #[prop(into)]
    name: String,
    /// What stands in it.
    #[prop(optional, into)]
    value: String,
    /// What to know before one types.
    #[prop(optional, into)]
    hint: MaybeText,
    /// What is wrong.
    #[prop(optional, into)]
    error: MaybeText,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// Says "optional" beside the label.
    #[prop(optional)]
    optional: bool,
    /// An example, where the field is empty.
    #[prop(optional, into)]
    placeholder: MaybeText,
    /// Lines shown.
    #[prop(default = 3)]
    rows: u32,
    /// Characters at most.
    #[prop(default = None, into)]
    maxlength: Option<u32>,
    /// Monospaced.
    #[prop(optional)]
    mono: bool,
) -> impl IntoView {
    let class = if mono { "input mono" } else { "input" };
    let invalid = error.0.is_some().then_some("true");
    let described = described_by(&name, &hint, &error);
    // A line break right after the tag belongs to the markup, not to the text.
    let text = if value.starts_with('\n') { format!("\n{value}") } else { value };
    view! {
        <Field label=label name=name.clone() hint=hint error=error optional=optional>
            <textarea
                class=class
                id=field_id(&name)
                name=name
                rows=rows.to_string()
                required=required
                placeholder=placeholder.0
                maxlength=maxlength.map(|n| n.to_string())
                spellcheck=mono.then_some("false")
                aria-invalid=invalid
                aria-describedby=described
            >
                {text}
            </textarea>
        </Field>
    }
}
