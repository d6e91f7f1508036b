//! The example's study data: what its forms, records and schedules show. Made before there are webhooks, so that nobody is told of it; the
//! schedule, which names one, comes last.

use super::DemoError;
use crate::error::AppError;
use crate::model::event_type::EventType;
use crate::model::form::{Form, FormDraft};
use crate::model::participant::{Participant, ParticipantDraft};
use crate::model::record::{ReviewLevel, ReviewLevels};
use crate::model::response::ResponseStatus;
use crate::model::schedule::ScheduleDraft;
use crate::model::time::MINUTE;
use crate::server::auth::Actor;
use crate::server::chores;
use crate::server::clock::Clock;
use crate::server::service::responses::NewResponse;
use crate::server::service::{forms, participants, records, responses, schedules, sites, webhooks};
use crate::server::state::App;
use serde_json::{Map, Value, json};

const VISIT: &str = "weight | Weight in kg | number | required
nyha | NYHA class | choice: I, II, III, IV | required
oedema | Swollen ankles? | yes_no
visited | Day of the visit | date | required
remarks | Remarks | text";
const DIARY: &str = "breath | How short of breath were you this week, 0 to 10? | number | required
stairs | Could you climb a flight of stairs without a rest? | yes_no | required
sleep | How did you sleep? | choice: well, so-so, badly
note | Is there anything that we should know? | text";
const PARTICIPANTS: usize = 12;

/// Sites, participants, forms, responses, records with their review levels.
pub async fn fill(app: &App, admin: &Actor, clock: &Clock) -> Result<(), AppError> {
    for name in ["Charité Berlin", "University Hospital Basel"] {
        sites::create(app, admin, name).await?;
    }
    let mut people = Vec::new();
    for n in 1..=PARTICIPANTS {
        let site = if n % 3 == 0 { "University Hospital Basel" } else { "Charité Berlin" };
        let draft = ParticipantDraft { identifier: format!("HF-{n:04}"), site: site.to_owned(), ..ParticipantDraft::default() };
        people.push(participants::create(app, admin, &draft, false).await?.thing);
        clock.advance(MINUTE);
    }
    let form = async |kind: &str, name: &str, questions: &str| {
        forms::create(app, admin, &FormDraft { kind: kind.to_owned(), name: name.to_owned(), questions: questions.to_owned() }).await
    };
    let (visit, diary) = (form("form", "Baseline visit", VISIT).await?, form("survey", "Symptom diary", DIARY).await?);
    add_responses(app, admin, clock, &people, &visit, &diary).await?;
    add_records(app, admin, clock, &people, &visit).await
}

async fn add_responses(
    app: &App,
    admin: &Actor,
    clock: &Clock,
    people: &[Participant],
    visit: &Form,
    diary: &Form,
) -> Result<(), AppError> {
    use ResponseStatus::{Completed, New, Partial};
    let diaries = [
        (Completed, json!({"breath": "3", "stairs": "yes", "sleep": "well"})),
        (Completed, json!({"breath": "6", "stairs": "no", "sleep": "badly", "note": "Two pillows at night."})),
        (Partial, json!({"breath": "4"})),
        (New, json!({})),
        (New, json!({})),
    ];
    let begin = async |form: &Form, participant: &Participant, status: ResponseStatus, answers: Value| {
        clock.advance(MINUTE);
        let new = NewResponse { form: form.id.clone(), participant: participant.id.clone(), status, answers: object(answers) };
        responses::begin(app, admin, new, false).await
    };
    for (participant, (status, answers)) in people.iter().zip(diaries) {
        begin(diary, participant, status, answers).await?;
    }
    for participant in people.iter().take(2) {
        begin(visit, participant, Completed, values(78, "II")).await?;
    }
    Ok(())
}

async fn add_records(app: &App, admin: &Actor, clock: &Clock, people: &[Participant], visit: &Form) -> Result<(), AppError> {
    let level = |name: &str, role: i64, (lock, sign, soft): (bool, bool, bool), description: &str| ReviewLevel {
        seq: 0,
        name: name.to_owned(),
        roles: [role, -1, -1],
        field_level: false,
        lock,
        sign,
        soft,
        description: description.to_owned(),
    };
    let levels = ReviewLevels(vec![
        level("Data checked", 4, (false, false, true), "Complete and plausible."),
        level("Monitored", 7, (true, false, false), "Compared with the source documents."),
        level("Signed off", 9, (true, true, false), "By the investigator."),
    ]);
    records::set_levels(app, admin, levels).await?;
    for (n, participant) in people.iter().take(4).enumerate() {
        clock.advance(MINUTE);
        let class = if n % 2 == 0 { "II" } else { "III" };
        let values = object(values(71 + n, class));
        let record = records::create(app, admin, &visit.id, Some(&participant.id), &values, false).await?.thing;
        let reached = u8::try_from(n).ok().filter(|n| (1..=2).contains(n));
        if reached.is_some() {
            records::review(app, admin, &record.id, None, reached, None, false).await?;
        }
    }
    Ok(())
}

/// A weekly schedule that calls the webhook subscribed to it, and one run of it by hand.
pub async fn add_schedule(app: &App, admin: &Actor) -> Result<(), DemoError> {
    let hooks = webhooks::list(app, admin, false).await?;
    let subscribed = hooks.iter().map(|(w, _)| w).filter(|w| w.settings.events.contains(&EventType::ScheduleTriggered));
    let draft = ScheduleDraft {
        name: "Weekly diary".to_owned(),
        expression: "0 9 * * MON".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        webhooks: subscribed.map(|w| w.id.to_string()).collect(),
        ..ScheduleDraft::default()
    };
    let schedule = schedules::create(app, admin, &draft).await?;
    schedules::run_now(app, admin, &schedule.id).await?;
    chores::drain(app).await?;
    Ok(())
}

fn values(weight: usize, class: &str) -> Value {
    json!({"weight": weight.to_string(), "nyha": class, "oedema": "no", "visited": "2026-10-05"})
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
