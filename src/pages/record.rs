//! One record: its values, and its review.

use super::answers::{AnswerFields, Sheet};
use super::conflict::Conflict;
use super::frame::{Console, Frame, participants_path};
use super::records::{ReviewBadge, record_path, records_path};
use crate::model::form::Form;
use crate::model::participant::Participant;
use crate::model::record::{Record, ReviewLevel, ReviewLevels};
use crate::model::study::Study;
use crate::model::synchronous::SyncOutcome;
use crate::ui::{
    Badge, Checkbox, Definition, DefinitionList, ErrorSummary, FormActions, FormErrors, Id, NavKey, PageHead, Panel, PasswordInput,
    SyncDialog, TimeTag, Tone,
};
use leptos::prelude::*;

/// What a record's page shows around its values.
#[derive(Debug, Clone)]
pub struct RecordAbout {
    /// The study.
    pub study: Study,
    /// The record.
    pub record: Record,
    /// Its form as it is now.
    pub form: Form,
    /// About whom it is.
    pub participant: Option<Participant>,
    /// The study's review levels.
    pub levels: ReviewLevels,
}

/// One record.
#[component]
pub fn RecordPage(
    /// Who and where.
    frame: Frame,
    /// What it is about.
    about: RecordAbout,
    /// Its questions and what stands in their fields, with what is wrong with the values or the review.
    sheet: Sheet,
    /// The version that the person began with.
    version: i64,
    /// What keeps it from being saved: a lock, or somebody else's change.
    conflict: Option<String>,
    /// What came of the synchronous webhooks of the save before.
    outcomes: Vec<SyncOutcome>,
) -> impl IntoView {
    let now = frame.now;
    let RecordAbout { study, record, form, participant, levels } = about;
    let path = record_path(&study, &record.id);
    let number = record.trans_id;
    // What is in the way of a locked record is no change of somebody else's.
    let again = (version != record.version).then(|| path.clone());
    let crumbs = vec![("Records".to_owned(), Some(records_path(&study))), (format!("Record {number}"), None)];
    let (names, errors) = (names(&sheet), sheet.errors.clone());
    let form_errors = FormErrors::new(errors.clone());
    let lock = levels.lock_at(record.review).map(|level| {
        let hint = format!(
            "Locked by the review “{}”. Its review falls back below that level, and webhooks are told that the lock was broken.",
            level.name
        );
        view! { <Checkbox label="Break the lock" name="break_lock" hint=hint /> }
    });
    let (review, shown_levels) = (record.review, levels.clone());
    let panel = review_panel(&path, &study, &record, version, &levels, form_errors);
    let form_path = super::forms::form_path(&study, &form.id);
    view! {
        <Console frame=frame nav=NavKey::Records crumbs=crumbs>
            <PageHead title=format!("Record {number}") lead=form.name.clone() badges=move || view! { <ReviewBadge review=review levels=shown_levels /> } />
            <SyncDialog
                outcomes=outcomes
                saved=format!("Record {number} is saved (trans_id {number}).")
                deliveries=format!("/s/{}/deliveries", study.slug)
                now=now
            />
            <ErrorSummary errors=errors names=names />
            <Conflict message=conflict again=again />
            <div class="stack">
                <Panel title="Values">
                    <form class="stack" method="post" action=format!("{path}?version={version}")>
                        <AnswerFields sheet=sheet />
                        {lock}
                        <FormActions>
                            <button class="button primary" type="submit">"Save"</button>
                        </FormActions>
                    </form>
                </Panel>
                {panel}
                <Panel title="About it">
                    <DefinitionList>
                        <Definition term="Number (trans_id)">{number}</Definition>
                        <Definition term="Id"><Id value=record.id.to_string() whole=true /></Definition>
                        <Definition term="Form">
                            <a href=form_path>{form.name.clone()}</a>
                            {format!(", version {}", record.form_version)}
                        </Definition>
                        {participant
                            .map(|p| {
                                let href = format!("{}/{}", participants_path(&study), p.id);
                                view! { <Definition term="Participant"><a href=href>{p.identifier}</a></Definition> }
                            })}
                        <Definition term="First saved"><TimeTag t=record.created_at now=now /></Definition>
                        <Definition term="Changed"><TimeTag t=record.updated_at now=now /></Definition>
                    </DefinitionList>
                </Panel>
            </div>
        </Console>
    }
}

fn names(sheet: &Sheet) -> Vec<(String, String)> {
    let mut names = sheet.names();
    names.push(("level".to_owned(), "Review".to_owned()));
    names.push(("password".to_owned(), "Your password".to_owned()));
    names
}

/// The levels, the one that was reached marked, and a button for each step that can be taken.
fn review_panel(
    path: &str,
    study: &Study,
    record: &Record,
    version: i64,
    levels: &ReviewLevels,
    errors: FormErrors,
) -> impl IntoView + use<> {
    let levels_path = format!("{}/levels", records_path(study));
    let action = format!("{path}/review?version={version}");
    if levels.0.is_empty() {
        return view! {
            <Panel title="Review">
                <p class="muted">"This study has no review levels. " <a href=levels_path>"Set them up"</a>"."</p>
            </Panel>
        }
        .into_any();
    }
    let at = record.review;
    let reached = at.unwrap_or(0);
    let open: Vec<&ReviewLevel> = levels.0.iter().filter(|l| l.seq != reached && levels.may_move(at, Some(l.seq)).is_ok()).collect();
    let signs = open.iter().any(|l| l.sign);
    // The next one first: it is what the Enter key in the password's field does.
    let (back, forward): (Vec<&ReviewLevel>, Vec<&ReviewLevel>) = open.into_iter().partition(|l| l.seq < reached);
    let button = |primary: bool, value: String, label: String| {
        view! { <button class="button" class:primary=primary type="submit" name="level" value=value>{label}</button> }
    };
    let forward =
        forward.into_iter().enumerate().map(|(n, l)| button(n == 0, l.seq.to_string(), format!("Review as “{}”", l.name))).collect_view();
    let back = back.into_iter().rev().map(|l| button(false, l.seq.to_string(), format!("Back to “{}”", l.name))).collect_view();
    let none = at.is_some().then(|| button(false, String::new(), "Back to not reviewed".to_owned()));
    let items = levels.0.iter().map(|level| level_item(level, reached)).collect_view();
    let password = signs.then(|| {
        view! {
            <PasswordInput
                label="Your password"
                name="password"
                hint="For a level that is signed: giving it is your signature."
                error=errors.of("password")
            />
        }
    });
    let level_error = errors.of("level").0.map(|text| view! { <p class="field-error" id="f-level">{text}</p> });
    view! {
        <Panel title="Review" id="review">
            <ol class="review-levels">{items}</ol>
            <form class="stack" method="post" action=action>
                {level_error}
                {password}
                <FormActions>{forward}{back}{none}</FormActions>
            </form>
        </Panel>
    }
    .into_any()
}

fn level_item(level: &ReviewLevel, reached: u8) -> impl IntoView + use<> {
    let (class, tone, state) = match level.seq.cmp(&reached) {
        std::cmp::Ordering::Less => ("review-level", Tone::Success, "Passed"),
        std::cmp::Ordering::Equal => ("review-level here", Tone::Info, "Here"),
        std::cmp::Ordering::Greater => ("review-level", Tone::Neutral, "To come"),
    };
    let flags = [(level.lock, "Locks"), (level.sign, "Signed"), (level.soft, "May be left out"), (level.field_level, "Field by field")];
    let flags = flags.into_iter().filter(|(on, _)| *on).map(|(_, label)| view! { " " <Badge label=label /> }).collect_view();
    view! {
        <li class=class aria-current=(level.seq == reached).then_some("step")>
            <strong>{level.name.clone()}</strong>
            <span class="badges"><Badge tone=tone label=state />{flags}</span>
            {(!level.description.is_empty()).then(|| view! { <p class="small muted">{level.description.clone()}</p> })}
        </li>
    }
}
