//! The review levels of a study.

use super::frame::{Console, Frame};
use super::records::records_path;
use crate::model::problem::FieldErrors;
use crate::model::review_draft::{LevelDraft, LevelsDraft};
use crate::model::study::Study;
use crate::ui::{
    Banner, CheckboxGroup, Choice, ErrorSummary, FormActions, FormErrors, FormSection, NavKey, PageHead, TextArea, TextInput, Tone,
};
use leptos::prelude::*;

/// Up to five levels, in order.
#[component]
pub fn ReviewLevelsPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// What was typed.
    draft: LevelsDraft,
    /// What is wrong with it.
    errors: FieldErrors,
    /// Why it could not be saved, where it is no field.
    conflict: Option<String>,
) -> impl IntoView {
    let path = records_path(&study);
    let crumbs = vec![("Records".to_owned(), Some(path.clone())), ("Review levels".to_owned(), None)];
    let action = format!("{path}/levels");
    let names = names(draft.0.len());
    let form_errors = FormErrors::new(errors.clone());
    let rows = draft.0.into_iter().enumerate().map(|(index, level)| row(index, level, form_errors)).collect_view();
    let conflict = conflict.map(|text| {
        view! { <div role="alert"><Banner tone=Tone::Danger title="Not saved"><p>{text}</p></Banner></div> }
    });
    view! {
        <Console frame=frame nav=NavKey::Records crumbs=crumbs>
            <PageHead title="Review levels" lead="The steps that each record’s review goes through, in this order. Empty ones are left out." />
            <ErrorSummary errors=errors names=names />
            {conflict}
            <form class="stack" method="post" action=action>
                {rows}
                <FormActions>
                    <button class="button primary" type="submit">"Save"</button>
                    <a class="button quiet" href=path>"Cancel"</a>
                </FormActions>
            </form>
        </Console>
    }
}

fn names(levels: usize) -> Vec<(String, String)> {
    let parts = [("name", "name"), ("roles", "roles"), ("flags", "rules"), ("description", "description")];
    let of = |index: usize| parts.map(|(part, label)| (format!("levels[{index}].{part}"), format!("Level {}, {label}", index + 1)));
    (0..levels).flat_map(of).collect()
}

fn row(index: usize, level: LevelDraft, errors: FormErrors) -> impl IntoView {
    let name = move |part: &str| format!("levels[{index}].{part}");
    let rules = vec![
        Choice::new("lock", "Locks the record").hint("Changing it then needs the lock to be broken."),
        Choice::new("sign", "Is signed").hint("Whoever reviews gives their password."),
        Choice::new("soft", "May be left out").hint("A level after it can be reached without it."),
        Choice::new("field_level", "Field by field"),
    ];
    view! {
        <FormSection title=format!("Level {}", index + 1)>
            <TextInput label="Name" name=name("name") value=level.name error=errors.of(&name("name")) maxlength=200 optional=true />
            <TextInput
                label="Roles"
                name=name("roles")
                value=level.roles
                error=errors.of(&name("roles"))
                hint="Numbers of up to three roles of your platform, separated by commas."
                placeholder="4, 7"
                inputmode="numeric"
                short=true
                optional=true
            />
            <CheckboxGroup label="Rules" name=name("flags") options=rules values=level.flags error=errors.of(&name("flags")) />
            <TextArea
                label="Description"
                name=name("description")
                value=level.description
                error=errors.of(&name("description"))
                rows=2
                maxlength=2000
                optional=true
            />
        </FormSection>
    }
}
