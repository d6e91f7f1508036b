//! Webhooks that clients of another product's API register, as that API knows them.

use super::{New, NewSecret, diff};
use crate::error::{AppError, not_found};
use crate::model::id::WebhookId;
use crate::model::permission::Action;
use crate::model::webhook::{Content, PayloadFormat, Webhook, WebhookMode};
use crate::model::webhook_draft::WebhookDraft;
use crate::server::auth::Actor;
use crate::server::service::forms;
use crate::server::service::name_free;
use crate::server::state::App;
use crate::server::store::{Db, StoreError, studies, webhooks};

/// Webhooks of one survey at most (seed 004's "Surveys").
pub const PER_SURVEY_MAX: usize = 10;

/// Another product's API for webhooks, and which of a study's webhooks it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face<'a> {
    /// Infermedica: those that the very same key registered.
    Infermedica,
    /// Surveys: those of the survey with this id, whoever made them.
    Survey(&'a str),
}

impl Face<'_> {
    /// As its product is called.
    pub fn name(self) -> &'static str {
        match self {
            Face::Infermedica => "Infermedica",
            Face::Survey(_) => "Surveys",
        }
    }

    /// That what the face is about is there.
    async fn check(self, db: &mut Db, actor: &Actor) -> Result<(), AppError> {
        match self {
            Face::Infermedica => Ok(()),
            Face::Survey(id) => forms::check_survey(db, &actor.study.id, id).await,
        }
    }

    /// Why what it registers is as it is, for the audit trail.
    fn reason(self) -> String {
        let live = format!("registered through the {} API, which has no test mode", self.name());
        match self {
            Face::Infermedica => live,
            Face::Survey(_) => format!("{live}, and whose callback has the answers, so that the content is full"),
        }
    }

    /// Whether the webhook is one of its; an archived one is deleted in the eyes of its clients.
    fn shows(self, actor: &Actor, webhook: &Webhook) -> bool {
        let settings = &webhook.settings;
        webhook.archived_at.is_none()
            && match self {
                Face::Infermedica => settings.format == PayloadFormat::Infermedica && webhook.created_by.as_deref() == Some(actor.id()),
                Face::Survey(id) => settings.format == PayloadFormat::Survey && settings.filter.forms == [id],
            }
    }

    /// Infermedica's webhooks have no name: it is made here, of the host, and told apart from others by a number.
    fn name_of(self, webhook: &Webhook, others: &[Webhook]) -> String {
        let Face::Infermedica = self else { return webhook.settings.name.clone() };
        // A host has 253 characters at most, and a name 200.
        let base: String = format!("Infermedica webhook: {}", webhook.host()).chars().take(190).collect();
        let taken = |name: &String| others.iter().any(|w| w.settings.name == *name);
        // One more than there are others: so many names cannot all be taken.
        let numbered = (2..others.len() + 3).map(|n| format!("{base} ({n})"));
        std::iter::once(base.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(base)
    }
}

/// Sets a webhook up as another product's API does: it is **Live from the start**, because those APIs know no test mode and promise that a
/// registered webhook begins to receive at once. Everywhere else only an administrator takes a webhook Live ([`Action::GoLive`]), after a
/// sample or with a reason. Here [`Action::ManageWebhook`] and [`Action::ManageCredentials`] are enough, and the audit row has the reason.
///
/// A survey's gets **full content**, where id-only is the default everywhere else: that API has no switch for it, and a receiver that is
/// written after its document reads `data.answers`. An administrator may take it back to id-only in the console, and the face leaves it so.
///
/// The draft's format and filter are its caller's to set, so that the face shows the webhook. Its secret is the draft's or none: those APIs
/// show no secret, so one that is generated would be known to nobody.
///
/// # Errors
/// 403; each wrong field; a name that is taken; 404 for a survey that a study with forms here does not have; 409 for one more than
/// [`PER_SURVEY_MAX`] of a survey.
pub async fn register(app: &App, actor: &Actor, face: Face<'_>, draft: &WebhookDraft) -> Result<Webhook, AppError> {
    actor.require(Action::ManageWebhook)?;
    face.check(&mut app.store.read().await?, actor).await?;
    let New { mut webhook, sealed, .. } = New::prepare(app, actor, draft, NewSecret::None).await?;
    webhook.mode = WebhookMode::Live;
    if let Face::Survey(_) = face {
        webhook.settings.content = Content::Full;
    }
    let mut tx = app.store.begin().await?;
    // Two that register at once are counted one after the other.
    studies::hold(&mut tx, &actor.study.id).await?;
    let others = webhooks::of_study(&mut tx, &actor.study.id, false).await?;
    if let Face::Survey(survey) = face
        && others.iter().filter(|w| face.shows(actor, w)).count() >= PER_SURVEY_MAX
    {
        return Err(AppError::Conflict(format!(
            "The survey {survey:?} has {PER_SURVEY_MAX} webhooks, which is the most that one may have. Delete one of them first."
        )));
    }
    webhook.settings.name = face.name_of(&webhook, &others);
    match (face, webhooks::insert(&mut tx, &webhook, &sealed).await) {
        // Free a moment ago: the console made or renamed one meanwhile.
        (Face::Infermedica, Err(StoreError::Duplicate(_))) => {
            return Err(AppError::Conflict(
                "Another webhook was made at the same moment. Nothing of yours was saved; try again.".to_owned(),
            ));
        }
        (_, written) => name_free("webhook", &webhook.settings.name, written)?,
    }
    let changes = diff(None, &webhook);
    actor.audit(&mut tx, webhook.created_at, "webhook.created", webhook.id.as_str(), changes, Some(&face.reason())).await?;
    tx.commit().await?;
    Ok(webhook)
}

/// The webhooks that a face shows, oldest first.
///
/// # Errors
/// 403; 404 as [`register`].
pub async fn registered(app: &App, actor: &Actor, face: Face<'_>) -> Result<Vec<Webhook>, AppError> {
    actor.require(Action::ReadMetadata)?;
    let mut db = app.store.read().await?;
    face.check(&mut db, actor).await?;
    let mut all = webhooks::of_study(&mut db, &actor.study.id, false).await?;
    all.retain(|webhook| face.shows(actor, webhook));
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// One webhook that a face shows. `action` is what is to be done with it: who may not learns nothing of what is there.
///
/// # Errors
/// 403; 404 for every webhook that the face does not show, and as [`register`].
pub async fn registered_one(app: &App, actor: &Actor, face: Face<'_>, id: &WebhookId, action: Action) -> Result<Webhook, AppError> {
    actor.require(action)?;
    let mut db = app.store.read().await?;
    face.check(&mut db, actor).await?;
    let found = webhooks::find(&mut db, &actor.study.id, id).await?;
    found.filter(|webhook| face.shows(actor, webhook)).ok_or_else(|| not_found("webhook"))
}
