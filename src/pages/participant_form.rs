//! Adding and editing a participant.

use super::frame::{Console, Frame, participants_path};
use crate::model::participant::{Participant, ParticipantDraft};
use crate::model::problem::FieldErrors;
use crate::model::site::Site;
use crate::model::study::Study;
use crate::ui::{Banner, Choice, ErrorSummary, FormActions, FormErrors, FormSection, NavKey, PageHead, Select, TextArea, TextInput, Tone};
use leptos::prelude::*;

const LABELS: &[(&str, &str)] = &[("email", "E-mail")];

/// A new participant.
#[component]
pub fn NewParticipantPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The study's sites.
    sites: Vec<Site>,
    /// What was typed.
    draft: ParticipantDraft,
    /// What is wrong with it.
    errors: FieldErrors,
) -> impl IntoView {
    let path = participants_path(&study);
    let crumbs = vec![("Participants".to_owned(), Some(path.clone())), ("Add participant".to_owned(), None)];
    let errors = FormErrors::new(errors);
    let fields = fields(&path, &sites, draft, errors, "Leave it empty and one is made, such as P-7K3M9QXA.");
    let action = format!("{path}/new");
    view! {
        <Console frame=frame nav=NavKey::Participants crumbs=crumbs>
            <PageHead title="Add participant" lead="Webhooks that are subscribed to participant.created are told." />
            <ErrorSummary errors=errors labels=LABELS />
            <form class="stack" method="post" action=action>
                {fields}
                <FormActions>
                    <button class="button primary" type="submit">"Add participant"</button>
                    <a class="button quiet" href=path>"Cancel"</a>
                </FormActions>
            </form>
        </Console>
    }
}

/// An existing one.
#[component]
pub fn EditParticipantPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The study's sites.
    sites: Vec<Site>,
    /// As they are.
    participant: Participant,
    /// What was typed.
    draft: ParticipantDraft,
    /// The version that the person began with.
    version: i64,
    /// What is wrong with it.
    errors: FieldErrors,
    /// That somebody else changed them meanwhile.
    conflict: Option<String>,
) -> impl IntoView {
    let list = participants_path(&study);
    let path = format!("{list}/{}", participant.id);
    let crumbs = vec![
        ("Participants".to_owned(), Some(list.clone())),
        (participant.identifier.clone(), Some(path.clone())),
        ("Edit".to_owned(), None),
    ];
    let errors = FormErrors::new(errors);
    let fields = fields(&list, &sites, draft, errors, "Empty: it stays as it is.");
    let again = format!("{path}/edit");
    let action = format!("{path}/edit?version={version}");
    let stale = conflict.map(|text| {
        view! {
            <div role="alert">
                <Banner tone=Tone::Danger title="Not saved">
                    <p>{text}</p>
                    <p><a href=again>"Load the present state"</a> " (what you typed below is lost then)"</p>
                </Banner>
            </div>
        }
    });
    view! {
        <Console frame=frame nav=NavKey::Participants crumbs=crumbs>
            <PageHead title=format!("Edit {}", participant.identifier) lead="A change makes no event." />
            <ErrorSummary errors=errors labels=LABELS />
            {stale}
            <form class="stack" method="post" action=action>
                {fields}
                <FormActions>
                    <button class="button primary" type="submit">"Save"</button>
                    <a class="button quiet" href=path>"Cancel"</a>
                </FormActions>
            </form>
        </Console>
    }
}

fn fields(list: &str, sites: &[Site], draft: ParticipantDraft, errors: FormErrors, identifier_hint: &'static str) -> impl IntoView + use<> {
    let mut options = vec![Choice::new("", "No site")];
    options.extend(sites.iter().map(|s| Choice::new(s.id.to_string(), s.name.clone())));
    let site_hint = sites.is_empty().then_some("The study has no sites yet.");
    let sites_link = format!("{list}/sites");
    let d = draft;
    view! {
        <FormSection
            title="Who"
            about=move || view! { "What the study knows them by. A name is not needed, and better not kept here. " <a href=sites_link>"Sites"</a> }
        >
            <TextInput
                label="Identifier"
                name="identifier"
                value=d.identifier
                error=errors.of("identifier")
                hint=identifier_hint
                placeholder="HF-0001"
                maxlength=100
                mono=true
                optional=true
            />
            <Select label="Site" name="site" options=options value=d.site error=errors.of("site") hint=site_hint optional=true />
        </FormSection>
        <FormSection
            title="Details"
            about="Sent only to webhooks whose content is “full”."
        >
            <TextInput
                label="E-mail"
                name="email"
                kind="email"
                value=d.email
                error=errors.of("email")
                inputmode="email"
                placeholder="ada@example.com"
                optional=true
            />
            <TextArea
                label="Details"
                name="details"
                value=d.details
                error=errors.of("details")
                hint="One a line, as name: value. At most 50."
                placeholder="Arm: A"
                rows=4
                optional=true
            />
        </FormSection>
    }
}
