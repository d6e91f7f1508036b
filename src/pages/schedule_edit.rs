//! Adding and changing a schedule.

use super::conflict::Conflict;
use super::frame::{Console, Frame};
use super::schedules::{schedule_path, schedules_path};
use crate::model::event_type::EventType;
use crate::model::problem::FieldErrors;
use crate::model::schedule::{Schedule, ScheduleDraft};
use crate::model::site::Site;
use crate::model::study::Study;
use crate::model::webhook::Webhook;
use crate::ui::{
    CheckboxGroup, Choice, ErrorSummary, FormActions, FormErrors, FormSection, NavKey, PageHead, RadioGroup, Select, TextInput,
};
use leptos::prelude::*;

const LABELS: &[(&str, &str)] = &[
    ("timing", "When"),
    ("expression", "Crontab expression"),
    ("number", "How long"),
    ("unit", "Unit"),
    ("webhooks", "Add webhook to call"),
    ("active", "Status"),
];

/// What can be chosen.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// The study's sites.
    pub sites: Vec<Site>,
    /// The study's webhooks.
    pub webhooks: Vec<Webhook>,
}

/// A schedule's form: a new one's, or that of one that is there with the version that the person began with.
#[component]
pub fn ScheduleFormPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// As it is, and the version that the person began with; `None`: a new one.
    #[prop(default = None)]
    existing: Option<(Schedule, i64)>,
    /// What can be chosen.
    choices: Choices,
    /// What was typed.
    draft: ScheduleDraft,
    /// What is wrong with it.
    errors: FieldErrors,
    /// That somebody else changed it meanwhile.
    #[prop(default = None)]
    conflict: Option<String>,
) -> impl IntoView {
    let list = schedules_path(&study);
    let mut crumbs = vec![("Schedules".to_owned(), Some(list.clone()))];
    let (title, action, back, submit) = match &existing {
        Some((schedule, version)) => {
            let path = schedule_path(&study, &schedule.id);
            crumbs.push((schedule.name.clone(), Some(path.clone())));
            ("Edit schedule", format!("{path}/edit?version={version}"), path, "Save")
        }
        None => ("Add a schedule", format!("{list}/new"), list, "Add it"),
    };
    crumbs.push((if existing.is_some() { "Edit" } else { "Add" }.to_owned(), None));
    let form_errors = FormErrors::new(errors.clone());
    let fields = fields(draft, choices, form_errors);
    view! {
        <Console frame=frame nav=NavKey::Schedules crumbs=crumbs>
            <PageHead title=title />
            <ErrorSummary errors=errors labels=LABELS />
            <Conflict message=conflict again=format!("{back}/edit") />
            <form class="stack" method="post" action=action>
                {fields}
                <FormActions>
                    <button class="button primary" type="submit">{submit}</button>
                    <a class="button quiet" href=back>"Cancel"</a>
                </FormActions>
            </form>
        </Console>
    }
}

fn fields(draft: ScheduleDraft, choices: Choices, errors: FormErrors) -> impl IntoView {
    let timings = vec![
        Choice::new("cron", "By a crontab expression").hint("At set times of a place: give the expression and the time zone."),
        Choice::new("every", "Again and again").hint("Give how long in between."),
        Choice::new("after_enrolment", "After enrolment").hint("Once for each participant: give how long after they were enrolled."),
    ];
    let units = vec![Choice::new("minutes", "minutes"), Choice::new("hours", "hours"), Choice::new("days", "days")];
    let statuses =
        vec![Choice::new("yes", "Active").hint("It runs by itself."), Choice::new("", "Inactive").hint("It runs by hand alone.")];
    let sites: Vec<Choice> = choices.sites.iter().map(|s| Choice::new(s.id.as_str(), s.name.clone())).collect();
    let for_sites = if sites.is_empty() {
        view! { <p class="muted">"This study has no sites; it is for all participants."</p> }.into_any()
    } else {
        view! { <CheckboxGroup label="Sites" name="sites" options=sites values=draft.sites error=errors.of("sites") hint="None ticked: participants of all sites." /> }
            .into_any()
    };
    let webhooks: Vec<Choice> = choices.webhooks.iter().map(webhook_choice).collect();
    let actions = if webhooks.is_empty() {
        view! { <p class="muted" id="f-webhooks" tabindex="-1">"This study has no webhooks yet. Add one under Integrations, subscribed to schedule.triggered."</p> }
            .into_any()
    } else {
        view! {
            <CheckboxGroup label="Add webhook to call" name="webhooks" options=webhooks values=draft.webhooks error=errors.of("webhooks") />
        }
        .into_any()
    };
    view! {
        <FormSection title="Schedule">
            <TextInput label="Name" name="name" value=draft.name error=errors.of("name") required=true maxlength=200 placeholder="Weekly diary" />
            <RadioGroup label="Status" name="active" options=statuses value=draft.active error=errors.of("active") />
        </FormSection>
        <FormSection title="When" about="Fill in what belongs to your choice; the rest is left aside.">
            <RadioGroup label="When" name="timing" options=timings value=draft.timing error=errors.of("timing") />
        </FormSection>
        <FormSection title="By a crontab expression">
            <TextInput
                label="Expression"
                name="expression"
                value=draft.expression
                error=errors.of("expression")
                hint="Five fields: minute, hour, day of the month, month, day of the week. 0 9 * * MON is Mondays at 9."
                placeholder="0 9 * * MON"
                mono=true
                short=true
            />
            <TextInput
                label="Time zone"
                name="time_zone"
                value=draft.time_zone
                error=errors.of("time_zone")
                hint="Of the IANA database, such as Europe/Berlin."
                short=true
            />
        </FormSection>
        <FormSection title="Again and again, or after enrolment">
            <div class="side-by-side">
                <TextInput label="How long" name="number" value=draft.number error=errors.of("number") inputmode="numeric" short=true />
                <Select label="Unit" name="unit" options=units value=draft.unit error=errors.of("unit") />
            </div>
        </FormSection>
        <FormSection title="For whom">{for_sites}</FormSection>
        <FormSection title="Actions" about="Each run calls these webhooks, once for each participant. No other webhook is told.">{actions}</FormSection>
    }
}

fn webhook_choice(webhook: &Webhook) -> Choice {
    let choice = Choice::new(webhook.id.as_str(), webhook.settings.name.clone());
    if webhook.settings.events.contains(&EventType::ScheduleTriggered) {
        choice.hint(webhook.host())
    } else {
        choice.disabled("Not subscribed to schedule.triggered; choose that event in its settings first.")
    }
}
