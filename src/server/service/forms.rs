//! Forms and surveys.

use super::name_free;
use crate::error::{AppError, invalid, not_found};
use crate::model::form::{CheckedForm, Form, FormDraft, FormKind, Question};
use crate::model::id::FormId;
use crate::model::id::StudyId;
use crate::model::permission::Action;
use crate::model::problem::FieldErrors;
use crate::model::response::ResponseStatus;
use crate::model::webhook::EventFilter;
use crate::server::auth::Actor;
use crate::server::state::App;
use crate::server::store::{Db, forms, responses, sites};
use serde_json::json;

/// The forms and surveys of the actor's study, by name; archived ones only where asked for.
///
/// # Errors
/// 403.
pub async fn list(app: &App, actor: &Actor, archived: bool) -> Result<Vec<Form>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    Ok(forms::of_study(&mut db, &actor.study.id, archived).await?)
}

/// One form.
///
/// # Errors
/// 403, 404.
pub async fn get(app: &App, actor: &Actor, id: &FormId) -> Result<Form, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    forms::find(&mut db, &actor.study.id, id).await?.ok_or_else(|| not_found("form"))
}

/// The questions of one version of a form.
///
/// # Errors
/// 403, 404.
pub async fn questions_of(app: &App, actor: &Actor, id: &FormId, version: i64) -> Result<Vec<Question>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    forms::questions_of(&mut db, &actor.study.id, id, version).await?.ok_or_else(|| not_found("form version"))
}

/// How many responses of each status a form has.
///
/// # Errors
/// 403.
pub async fn counts(app: &App, actor: &Actor, id: &FormId) -> Result<Vec<(ResponseStatus, i64)>, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut db = app.store.read().await?;
    Ok(responses::count_of_form(&mut db, &actor.study.id, id).await?)
}

/// Adds a form or survey from what was typed.
///
/// # Errors
/// 403; each wrong field; a name that is taken.
pub async fn create(app: &App, actor: &Actor, draft: &FormDraft) -> Result<Form, AppError> {
    actor.require(Action::WriteStudyData)?;
    add(app, actor, draft.check()?).await
}

/// Adds a form or survey that is checked.
///
/// # Errors
/// 403; a name that is taken.
pub async fn add(app: &App, actor: &Actor, form: CheckedForm) -> Result<Form, AppError> {
    actor.require(Action::WriteStudyData)?;
    let CheckedForm { kind, name, questions } = form;
    let now = app.clock.now();
    let form = Form {
        id: FormId::from_bits(app.ids.next()),
        study_id: actor.study.id.clone(),
        kind,
        name,
        version: 1,
        questions,
        created_at: now,
        updated_at: now,
        archived_at: None,
    };
    let mut tx = app.store.begin().await?;
    name_free("form or survey", &form.name, forms::insert(&mut tx, &form).await)?;
    let changes = json!({"kind": [null, form.kind], "name": [null, form.name], "questions": [null, form.questions]});
    actor.audit(&mut tx, now, "form.created", form.id.as_str(), changes, None).await?;
    tx.commit().await?;
    Ok(form)
}

/// Makes a form's next version. `version` is the one that the editor saw. Its kind stays; responses that were begun keep their version.
///
/// # Errors
/// 403, 404; each wrong field; 409 when somebody changed it meanwhile or it is archived.
pub async fn update(app: &App, actor: &Actor, id: &FormId, version: Option<i64>, draft: &FormDraft) -> Result<Form, AppError> {
    actor.require(Action::WriteStudyData)?;
    replace(app, actor, id, version, draft.check()?).await
}

/// Makes a form's next version from one that is checked, as [`update`] does.
///
/// # Errors
/// 403, 404; another kind; a name that is taken; 409 when somebody changed it meanwhile or it is archived.
pub async fn replace(app: &App, actor: &Actor, id: &FormId, version: Option<i64>, checked: CheckedForm) -> Result<Form, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut tx = app.store.begin().await?;
    let Some(before) = forms::find(&mut tx, &actor.study.id, id).await? else { return Err(not_found("form")) };
    if before.archived_at.is_some() {
        return Err(AppError::Conflict("This form is archived. Its responses stay readable; it cannot be changed.".to_owned()));
    }
    if version.is_some_and(|v| v != before.version) {
        return Err(AppError::Conflict("Somebody changed this form meanwhile. Nothing of yours was saved; look again.".to_owned()));
    }
    if checked.kind != before.kind {
        return Err(invalid("kind", format!("is {} and stays so; make another form instead", before.kind.as_str())));
    }
    if checked.name == before.name && checked.questions == before.questions {
        return Ok(before);
    }
    let now = app.clock.now();
    let after = Form { name: checked.name, questions: checked.questions, version: before.version + 1, updated_at: now, ..before.clone() };
    if !name_free("form or survey", &after.name, forms::update(&mut tx, &after, before.version).await)? {
        return Err(AppError::Conflict("Somebody changed this form at the same moment. Try again.".to_owned()));
    }
    let changes = json!({"name": [before.name, after.name], "questions": [before.questions, after.questions], "version": [before.version, after.version]});
    actor.audit(&mut tx, now, "form.updated", id.as_str(), changes, None).await?;
    tx.commit().await?;
    Ok(after)
}

/// Archives a form: no new responses or records; what is there stays.
///
/// # Errors
/// 403, 404; 409 when it is archived already.
pub async fn archive(app: &App, actor: &Actor, id: &FormId) -> Result<Form, AppError> {
    actor.require(Action::WriteStudyData)?;
    let mut tx = app.store.begin().await?;
    let Some(form) = forms::find(&mut tx, &actor.study.id, id).await? else { return Err(not_found("form")) };
    let now = app.clock.now();
    if !forms::archive(&mut tx, &actor.study.id, id, now).await? {
        return Err(AppError::Conflict("This form is archived already.".to_owned()));
    }
    actor.audit(&mut tx, now, "form.archived", id.as_str(), json!({}), None).await?;
    tx.commit().await?;
    Ok(Form { archived_at: Some(now), ..form })
}

/// That a webhook's filter lists what is there. A study that keeps its forms (or sites) here has no others; the ids of one that keeps none are
/// its platform's, and are taken as they are.
///
/// # Errors
/// On `forms` and `sites`.
pub(super) async fn check_filter(db: &mut Db, study: &StudyId, filter: &EventFilter) -> Result<(), AppError> {
    let mut errors = FieldErrors::default();
    let mut check = |field: &str, noun: &str, listed: &[String], known: &[&str]| {
        for id in listed.iter().filter(|id| !known.is_empty() && !known.contains(&id.as_str())) {
            errors.add(field, format!("{id:?} is no {noun} of this study"));
        }
    };
    if !filter.forms.is_empty() {
        let forms = forms::of_study(db, study, true).await?;
        check("forms", "form or survey", &filter.forms, &forms.iter().map(|f| f.id.as_str()).collect::<Vec<_>>());
    }
    if !filter.sites.is_empty() {
        let sites = sites::of_study(db, study).await?;
        check("sites", "site", &filter.sites, &sites.iter().map(|s| s.id.as_str()).collect::<Vec<_>>());
    }
    Ok(errors.into_result(|| ())?)
}

/// That a study has this survey, as far as it can be told: one that keeps its forms here has no others; the ids of one that keeps none are its
/// platform's, and are taken as they are.
///
/// # Errors
/// 404.
pub(super) async fn check_survey(db: &mut Db, study: &StudyId, survey: &str) -> Result<(), AppError> {
    let forms = forms::of_study(db, study, true).await?;
    let is_there = forms.is_empty() || forms.iter().any(|f| f.kind == FormKind::Survey && f.id.as_str() == survey);
    if is_there { Ok(()) } else { Err(not_found("survey")) }
}

/// One survey that is kept here.
///
/// # Errors
/// 404; on `survey` for a form that is none.
pub(super) async fn survey(db: &mut Db, study: &StudyId, id: &FormId) -> Result<Form, AppError> {
    let form = forms::find(db, study, id).await?.ok_or_else(|| not_found("survey"))?;
    match form.kind {
        FormKind::Survey => Ok(form),
        FormKind::Form => Err(invalid("survey", "is a form, which participants do not answer by themselves; name a survey")),
    }
}
