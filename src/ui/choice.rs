//! Inputs that offer a choice.

use super::field::{ErrorText, Field, Hint, described_by, field_id};
use super::{CodeBlock, Disclosure, MaybeText};
use leptos::prelude::*;

/// One of the things to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// A sentence below it (not in a [`Select`]).
    pub hint: Option<String>,
    /// An example to open below it ([`CheckboxGroup`] alone), such as a payload.
    pub example: Option<String>,
    /// Shown, but cannot be chosen (not in a [`Select`]); its hint says why.
    pub disabled: bool,
}

impl Choice {
    /// A value and what is shown for it.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), ..Self::default() }
    }

    /// With a sentence below it.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// With an example to open.
    pub fn example(self, example: impl Into<String>) -> Self {
        Self { example: Some(example.into()), ..self }
    }

    /// As one that cannot be chosen, with the reason below it.
    pub fn disabled(self, why: impl Into<String>) -> Self {
        Self { disabled: true, ..self.hint(why) }
    }
}

/// One of several, from a list that opens.
#[component]
pub fn Select(
    /// What it is called.
    #[prop(into)]
    label: String,
    /// The parameter's name.
    #[prop(into)]
    name: String,
    /// What there is.
    options: Vec<Choice>,
    /// The value chosen.
    #[prop(optional, into)]
    value: String,
    /// What to know before one chooses.
    #[prop(optional, into)]
    hint: MaybeText,
    /// What is wrong.
    #[prop(optional, into)]
    error: MaybeText,
    /// Says "optional" beside the label.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let invalid = error.0.is_some().then_some("true");
    let described = described_by(&name, &hint, &error);
    let options = options
        .into_iter()
        .map(|o| {
            let selected = o.value == value;
            view! {
                <option value=o.value selected=selected>
                    {o.label}
                </option>
            }
        })
        .collect_view();
    view! {
        <Field label=label name=name.clone() hint=hint error=error optional=optional>
            <select class="input select" id=field_id(&name) name=name aria-invalid=invalid aria-describedby=described>
                {options}
            </select>
        </Field>
    }
}

/// Yes or no. Sends `value` when it is ticked, and nothing when it is not.
#[component]
pub fn Checkbox(
    /// What is said yes to.
    #[prop(into)]
    label: String,
    /// The parameter's name.
    #[prop(into)]
    name: String,
    /// What is sent.
    #[prop(default = "true".into(), into)]
    value: String,
    /// Whether it is ticked.
    #[prop(optional)]
    checked: bool,
    /// What to know.
    #[prop(optional, into)]
    hint: MaybeText,
    /// What is wrong.
    #[prop(optional, into)]
    error: MaybeText,
) -> impl IntoView {
    let id = field_id(&name);
    let invalid = error.0.is_some();
    let described = described_by(&name, &hint, &error);
    view! {
        <div class="field" class:invalid=invalid>
            <div class="choice">
                <input
                    type="checkbox"
                    id=id.clone()
                    name=name.clone()
                    value=value
                    checked=checked
                    aria-invalid=invalid.then_some("true")
                    aria-describedby=described
                />
                <div class="choice-text">
                    <label for=id>{label}</label>
                    <Hint name=name.clone() hint=hint />
                </div>
            </div>
            <ErrorText name=name error=error />
        </div>
    }
}

/// Any of several: each ticked one is sent under the same name. The first has the id `f-{name}`, the others `f-{name}-{n}`.
#[component]
pub fn CheckboxGroup(
    /// What it is called.
    #[prop(into)]
    label: String,
    /// The parameter's name.
    #[prop(into)]
    name: String,
    /// What there is.
    options: Vec<Choice>,
    /// The values ticked.
    #[prop(optional)]
    values: Vec<String>,
    /// What to know.
    #[prop(optional, into)]
    hint: MaybeText,
    /// What is wrong.
    #[prop(optional, into)]
    error: MaybeText,
) -> impl IntoView {
    view! { <Group kind="checkbox" label=label name=name options=options values=values hint=hint error=error /> }
}

/// One of several, all shown. The first has the id `f-{name}`, the others `f-{name}-{n}`.
#[component]
pub fn RadioGroup(
    /// What it is called.
    #[prop(into)]
    label: String,
    /// The parameter's name.
    #[prop(into)]
    name: String,
    /// What there is.
    options: Vec<Choice>,
    /// The value chosen.
    #[prop(optional, into)]
    value: String,
    /// What to know.
    #[prop(optional, into)]
    hint: MaybeText,
    /// What is wrong.
    #[prop(optional, into)]
    error: MaybeText,
) -> impl IntoView {
    view! { <Group kind="radio" label=label name=name options=options values=vec![value] hint=hint error=error /> }
}

#[component]
fn Group(
    kind: &'static str,
    label: String,
    name: String,
    options: Vec<Choice>,
    values: Vec<String>,
    hint: MaybeText,
    error: MaybeText,
) -> impl IntoView {
    let invalid = error.0.is_some();
    let described = described_by(&name, &hint, &error);
    let items = options
        .into_iter()
        .enumerate()
        .map(|(n, option)| {
            let id = if n == 0 { field_id(&name) } else { format!("f-{name}-{n}") };
            let hint_id = format!("f-{name}-{n}-about");
            let checked = values.contains(&option.value);
            let about = option.hint.is_some().then(|| hint_id.clone());
            let value = option.value.clone();
            let example = option.example.map(|text| {
                view! {
                    <Disclosure summary="Example payload">
                        <CodeBlock label=format!("Example of {value}") text=text />
                    </Disclosure>
                }
            });
            view! {
                <div class="choice">
                    <input
                        type=kind
                        id=id.clone()
                        name=name.clone()
                        value=option.value
                        checked=checked
                        disabled=option.disabled
                        aria-invalid=(invalid && kind == "checkbox").then_some("true")
                        aria-describedby=about
                    />
                    <div class="choice-text">
                        <label for=id>{option.label}</label>
                        {option.hint.map(|text| view! { <p class="hint" id=hint_id>{text}</p> })}
                        {example}
                    </div>
                </div>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field choices" class:invalid=invalid aria-describedby=described role=(kind == "radio").then_some("radiogroup")>
            <legend class="label">{label}</legend>
            <Hint name=name.clone() hint=hint />
            <ErrorText name=name.clone() error=error />
            {items}
        </fieldset>
    }
}
