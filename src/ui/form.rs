//! How forms are laid out.

use super::{Icon, MaybeText, Slot};
use leptos::prelude::*;

/// A part of a long form: what it is about at the left, its fields (the children) at the right.
#[component]
pub fn FormSection(
    /// Its heading.
    #[prop(into)]
    title: String,
    /// What it is about: text, or a view.
    #[prop(optional, into)]
    about: Slot,
    /// Its id, to link to.
    #[prop(optional, into)]
    id: MaybeText,
    /// The fields.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="form-section" id=id.0>
            <div class="form-about">
                <h2>{title}</h2>
                <div class="hint">{about.run()}</div>
            </div>
            <div class="form-fields">{children()}</div>
        </section>
    }
}

/// The buttons at the end of a form; stays in sight while a long form scrolls.
#[component]
pub fn FormActions(
    /// The main one first.
    children: Children,
) -> impl IntoView {
    view! { <div class="form-actions">{children()}</div> }
}

/// Filters above a table: a form whose address is the state.
#[component]
pub fn FilterBar(
    /// Where it goes.
    #[prop(into)]
    action: String,
    /// Whether anything is filtered: offers to clear it.
    #[prop(optional)]
    active: bool,
    /// What it filters, for a screen reader.
    #[prop(default = "Filter".into(), into)]
    label: String,
    /// Fields that are less often wanted, behind "More filters".
    #[prop(default = None)]
    more: Option<Children>,
    /// Whether those are shown from the start: when one of them is set.
    #[prop(optional)]
    more_open: bool,
    /// Fields.
    children: Children,
) -> impl IntoView {
    let clear = active.then(|| {
        view! {
            <a class="button quiet" href=action.clone()>
                "Clear"
            </a>
        }
    });
    let more = more.map(|fields| {
        view! {
            <details class="filters-more" open=more_open>
                <summary>
                    <Icon name="chevron-right" />
                    "More filters"
                </summary>
                <div class="filters-row">{fields()}</div>
            </details>
        }
    });
    view! {
        <form class="filters" method="get" action=action aria-label=label>
            <div class="filters-row">
                {children()}
                <div class="filters-go">
                    <button class="button" type="submit">
                        <Icon name="filter" />
                        "Apply"
                    </button>
                    {clear}
                </div>
            </div>
            {more}
        </form>
    }
}
