//! Sending a survey to many participants at once: each gets a response that is theirs to answer, and a link to it.

use super::super::participants::{check_all, write_all};
use super::{Saved, assigned, created_event, link_hash, new_link};
use crate::error::{AppError, invalid};
use crate::model::event::NewEvent;
use crate::model::form::Form;
use crate::model::id::{DistributionId, FormId, ParticipantId};
use crate::model::participant::{CheckedParticipant, Participant, ParticipantDraft};
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::response::Response;
use crate::server::auth::Actor;
use crate::server::engine::intake::{self, Audience, Planned};
use crate::server::secret::Secret;
use crate::server::service::forms;
use crate::server::state::App;
use crate::server::store::{Tx, participants, responses, sites, studies};
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// Participants of one distribution.
pub const RECIPIENTS_MAX: usize = 500;

/// To whom a survey is sent.
#[derive(Debug, Clone, Default)]
pub struct Recipients {
    /// Who are here already.
    pub participants: Vec<ParticipantId>,
    /// Who are created or changed first.
    pub drafts: Vec<ParticipantDraft>,
}

/// What one participant got.
#[derive(Debug)]
pub struct Sent {
    /// Who.
    pub participant: Participant,
    /// What is theirs to answer.
    pub response: Response,
    /// The secret part of their link, this once.
    pub link: Secret,
    /// Whether the response was begun before, and only the link is new.
    pub existing: bool,
}

/// A survey that was sent.
#[derive(Debug)]
pub struct Distributed {
    /// By this the audit trail names it.
    pub id: DistributionId,
    /// The survey.
    pub survey: Form,
    /// First the participants that were named, then the drafts, each in their order.
    pub sent: Vec<Sent>,
}

/// Sends a survey to 1–[`RECIPIENTS_MAX`] participants, all or none. A participant with a response that is not completed goes on with that
/// one, the newest where there are several: they get another link, the one before opens nothing any more, and there is no second
/// `survey.created`. Nothing is mailed; the links are the caller's to bring to the participants.
///
/// # Errors
/// 403; 404; on `survey` for a form that is none or is archived; on `participants[2]` and `drafts[3].email`.
pub async fn distribute(app: &App, actor: &Actor, survey: &FormId, to: &Recipients, waits: bool) -> Result<Saved<Distributed>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let count = to.participants.len() + to.drafts.len();
    if !(1..=RECIPIENTS_MAX).contains(&count) {
        return Err(invalid("participants", format!("are {count}; give 1–{RECIPIENTS_MAX}, whether they are here already or not")));
    }
    let drafts = check_all(&to.drafts).map_err(|e| of_drafts(e.into()))?;
    let hooks = intake::webhooks_of(&app.engine, &actor.study).await?;
    let mut tx = app.store.begin().await?;
    // Of two that are sent at once, the second finds the first one's participants and responses.
    studies::hold(&mut tx, &actor.study.id).await?;
    let survey = forms::survey(&mut tx, &actor.study.id, survey).await?;
    if survey.archived_at.is_some() {
        return Err(invalid("survey", "is archived; it takes no new responses"));
    }
    let (participants, mut events) = gather(app, actor, &mut tx, &to.participants, drafts).await?;
    let id = DistributionId::from_bits(app.ids.next());
    let (sent, created) = send(app, actor, &mut tx, &id, &survey, participants).await?;
    events.extend(created);
    let mut planned = Planned::new(&app.engine, &actor.study, &hooks, events, Audience::Subscribed, waits);
    planned.write(&app.engine, &mut tx).await?;
    let existing = sent.iter().filter(|s| s.existing).count();
    let changes = json!({"distribution": id, "participants": sent.len(), "existing": existing});
    actor.audit(&mut tx, app.clock.now(), "survey.distributed", survey.id.as_str(), changes, None).await?;
    tx.commit().await?;
    Ok(Saved::new(Distributed { id, survey, sent }, planned.committed(&app.engine)))
}

fn of_drafts(error: AppError) -> AppError {
    error.with_fields(|field| format!("drafts{field}"))
}

/// The participants, each there once, and the events of the new ones.
async fn gather(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    named: &[ParticipantId],
    drafts: Vec<CheckedParticipant>,
) -> Result<(Vec<Participant>, Vec<NewEvent>), AppError> {
    let found = participants::of_ids(tx, &actor.study.id, named).await?;
    let mut found: HashMap<ParticipantId, Participant> = found.into_iter().map(|p| (p.id.clone(), p)).collect();
    let (upserted, events) = write_all(app, actor, tx, drafts).await.map_err(of_drafts)?;
    let (mut all, mut seen, mut errors) = (Vec::with_capacity(named.len() + upserted.len()), HashSet::new(), FieldErrors::default());
    let twice = "is a participant who is named here before already; each gets the survey once";
    for (index, id) in named.iter().enumerate() {
        match found.remove(id) {
            Some(participant) => {
                seen.insert(id);
                all.push(participant);
            }
            None if seen.contains(id) => errors.add(format!("participants[{index}]"), twice),
            None => errors.add(format!("participants[{index}]"), "is no participant of this study"),
        }
    }
    for (index, one) in upserted.iter().enumerate() {
        if seen.insert(&one.participant.id) {
            all.push(one.participant.clone());
        } else {
            errors.add(format!("drafts[{index}]"), twice);
        }
    }
    Ok(errors.into_result(|| (all, events))?)
}

/// Gives each participant a response and a link; gives the events of the responses that are new.
async fn send(
    app: &App,
    actor: &Actor,
    tx: &mut Tx,
    distribution: &DistributionId,
    survey: &Form,
    to: Vec<Participant>,
) -> Result<(Vec<Sent>, Vec<NewEvent>), AppError> {
    let study = &actor.study.id;
    let ids: Vec<ParticipantId> = to.iter().map(|p| p.id.clone()).collect();
    let open = responses::open_of(tx, study, &survey.id, &ids).await?;
    // Oldest first, so that the newest one stays.
    let mut open: HashMap<ParticipantId, Response> = open.into_iter().map(|r| (r.participant_id.clone(), r)).collect();
    let sites = sites::of_study(tx, study).await?;
    let now = app.clock.now();
    let (mut sent, mut events) = (Vec::with_capacity(to.len()), Vec::new());
    for participant in to {
        let link = new_link();
        let hash = link_hash(link.expose());
        let known = open.remove(&participant.id);
        let existing = known.is_some();
        let response = match known {
            Some(response) => {
                responses::set_link(tx, study, &response.id, &hash).await?;
                let changes = json!({"distribution": distribution});
                actor.audit(tx, now, "response.link_made", response.id.as_str(), changes, None).await?;
                response
            }
            None => {
                let response = assigned(app, survey, &participant, now);
                responses::insert(tx, &response, Some(&hash)).await?;
                let site = sites.iter().find(|s| Some(&s.id) == participant.site_id.as_ref());
                events.push(created_event(&response, survey, &participant, site));
                let changes = json!({
                    "form": [null, survey.id], "participant": [null, participant.id], "status": [null, response.status],
                    "distribution": distribution,
                });
                actor.audit(tx, now, "response.created", response.id.as_str(), changes, None).await?;
                response
            }
        };
        sent.push(Sent { participant, response, link, existing });
    }
    Ok((sent, events))
}
