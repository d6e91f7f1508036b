//! People: the first administrator, signing in, passwords, users and their roles.

use crate::error::{AppError, invalid, not_found};
use crate::model::audit::AuditEntry;
use crate::model::id::{StudyId, UserId};
use crate::model::permission::{Action, Role};
use crate::model::problem::FieldErrors;
use crate::model::study::{Study, StudyOfMember, check_new_study};
use crate::model::time::{HOUR, SECOND, Timestamp};
use crate::model::user::{Member, User, check_new_user, normalise_email};
use crate::server::auth::password::check_strength;
use crate::server::auth::{Actor, api_key};
use crate::server::clock::random_bytes;
use crate::server::secret::Secret;
use crate::server::state::App;
use crate::server::store::{self, StoreError, Tx, people, sessions, studies};
use serde_json::json;

/// How long a set-up link is good, in microseconds.
const SETUP_LINK: i64 = 24 * HOUR;
/// Wrong passwords that cost no pause.
const FREE_TRIES: i64 = 5;
/// The longest pause after wrong passwords, in microseconds. Nobody is locked out for good.
const PAUSE_MAX: i64 = 15 * 60 * SECOND;

/// Where nobody is there yet, makes a new one-time token for the set-up link; an older one no longer works.
///
/// # Errors
/// When the database fails.
pub async fn setup_token(app: &App) -> Result<Option<Secret>, AppError> {
    let mut tx = app.store.begin().await?;
    if people::any_user(&mut tx).await? {
        return Ok(None);
    }
    let token = Secret::new(hex::encode(random_bytes::<24>()));
    let now = app.clock.now();
    people::replace_setup_link(&mut tx, &api_key::hash(token.expose()), now, now.plus(SETUP_LINK)).await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// Whether a set-up link works.
///
/// # Errors
/// When the database fails.
pub async fn setup_link_works(app: &App, token: &str) -> Result<bool, AppError> {
    let mut db = app.store.read().await?;
    Ok(people::setup_link_is_good(&mut db, &api_key::hash(token), app.clock.now()).await?)
}

/// What the holder of the set-up link chooses.
pub struct Setup {
    /// The first administrator's e-mail address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their password.
    pub password: Secret,
    /// The first study's name.
    pub study_name: String,
    /// Its name in addresses.
    pub study_slug: String,
}

/// Uses the set-up link up: makes the first user, as administrator of the first study.
///
/// # Errors
/// 404 for a link that does not work; each wrong field.
pub async fn setup(app: &App, token: &str, setup: Setup) -> Result<User, AppError> {
    let mut errors = FieldErrors::default();
    if let Err(e) = check_new_user(&setup.email, &setup.name) {
        errors.0.extend(e.0);
    }
    if let Err(message) = check_strength(setup.password.expose(), &[&setup.email, &setup.name]) {
        errors.add("password", message);
    }
    if let Err(e) = check_new_study(&setup.study_slug, &setup.study_name) {
        errors.0.extend(e.0.into_iter().map(|e| crate::model::problem::FieldError { field: format!("study_{}", e.field), ..e }));
    }
    errors.into_result(|| ())?;
    let hash = app.hash_password(setup.password).await?;
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    if !people::take_setup_link(&mut tx, &api_key::hash(token), now).await? {
        return Err(AppError::NotFound(
            "This set-up link was used, replaced or has expired. Start Hookwell again for a new one.".to_owned(),
        ));
    }
    let user = insert_user(app, &mut tx, &setup.email, &setup.name, &hash).await?;
    let study = insert_study(app, &mut tx, &setup.study_slug, &setup.study_name, true, "study_slug").await?;
    put_role(app, &mut tx, &study.id, &user.id, Role::Administrator).await?;
    tx.commit().await?;
    Ok(user)
}

async fn insert_user(app: &App, tx: &mut Tx, email: &str, name: &str, password_hash: &str) -> Result<User, AppError> {
    let now = app.clock.now();
    let user = User {
        id: UserId::from_bits(app.ids.next()),
        email: normalise_email(email),
        name: name.trim().to_owned(),
        created_at: now,
        password_changed_at: now,
    };
    match people::insert_user(tx, &user, password_hash).await {
        Err(StoreError::Duplicate(_)) => return Err(invalid("email", format!("{} has an account already", user.email))),
        done => done?,
    }
    let changes = json!({"email": user.email, "name": user.name});
    store::audit::append(tx, &AuditEntry::by_operator(None, now, "user.created", user.id.as_str(), changes), None).await?;
    Ok(user)
}

async fn insert_study(app: &App, tx: &mut Tx, slug: &str, name: &str, production: bool, field: &str) -> Result<Study, AppError> {
    let now = app.clock.now();
    let study = Study {
        id: StudyId::from_bits(app.ids.next()),
        slug: slug.trim().to_owned(),
        name: name.trim().to_owned(),
        production,
        integrations_enabled: false,
        created_at: now,
    };
    match studies::insert(tx, &study).await {
        Err(StoreError::Duplicate(_)) => return Err(invalid(field, format!("{:?} is taken by another study", study.slug))),
        done => done?,
    }
    let changes = json!({"slug": study.slug, "name": study.name, "production": production});
    store::audit::append(tx, &AuditEntry::by_operator(Some(&study.id), now, "study.created", study.id.as_str(), changes), None).await?;
    Ok(study)
}

async fn put_role(app: &App, tx: &mut Tx, study: &StudyId, user: &UserId, role: Role) -> Result<(), AppError> {
    let now = app.clock.now();
    let before = people::find_role(tx, study, user).await?;
    people::set_role(tx, study, user, role, now).await?;
    let changes = json!({"role": [before.map(Role::as_str), role.as_str()]});
    store::audit::append(tx, &AuditEntry::by_operator(Some(study), now, "member.role_set", user.as_str(), changes), None).await?;
    Ok(())
}

/// Adds a user, and makes them a member where a study is named. For the operator at the machine.
///
/// # Errors
/// Each wrong field; 404 for an unknown study.
pub async fn add_user(app: &App, email: &str, name: &str, password: Secret, member_of: Option<(&str, Role)>) -> Result<User, AppError> {
    check_new_user(email, name)?;
    check_strength(password.expose(), &[email, name]).map_err(|message| invalid("password", message))?;
    let hash = app.hash_password(password).await?;
    let mut tx = app.store.begin().await?;
    let user = insert_user(app, &mut tx, email, name, &hash).await?;
    if let Some((slug, role)) = member_of {
        let Some(study) = studies::find_by_slug(&mut tx, slug).await? else { return Err(not_found("study")) };
        put_role(app, &mut tx, &study.id, &user.id, role).await?;
    }
    tx.commit().await?;
    Ok(user)
}

/// Gives an existing user a role in a study. For the operator at the machine.
///
/// # Errors
/// 404 for an unknown user or study.
pub async fn set_role(app: &App, email: &str, slug: &str, role: Role) -> Result<(), AppError> {
    let mut tx = app.store.begin().await?;
    let Some(login) = people::find_login(&mut tx, &normalise_email(email)).await? else { return Err(not_found("user")) };
    let Some(study) = studies::find_by_slug(&mut tx, slug).await? else { return Err(not_found("study")) };
    put_role(app, &mut tx, &study.id, &login.user.id, role).await?;
    tx.commit().await?;
    Ok(())
}

/// Adds a study, with its Integrations off. For the operator at the machine.
///
/// # Errors
/// Each wrong field.
pub async fn add_study(app: &App, slug: &str, name: &str, production: bool) -> Result<Study, AppError> {
    check_new_study(slug, name)?;
    let mut tx = app.store.begin().await?;
    let study = insert_study(app, &mut tx, slug, name, production, "slug").await?;
    tx.commit().await?;
    Ok(study)
}

/// Checks an e-mail address and password. Wrong ones cost a growing pause, a right one clears it. Who does not exist takes as
/// long as who does.
///
/// # Errors
/// 401 with one sentence for every kind of wrong; 429 while a pause lasts.
pub async fn sign_in(app: &App, email: &str, password: Secret) -> Result<User, AppError> {
    let wrong = || AppError::Unauthenticated("The e-mail address or the password is wrong.".to_owned());
    let mut db = app.store.read().await?;
    let login = people::find_login(&mut db, &normalise_email(email)).await?;
    drop(db);
    let now = app.clock.now();
    login.as_ref().map_or(Ok(()), |l| not_paused(l, now))?;
    let right = app.verify_password(password, login.as_ref().map(|l| l.password_hash.clone())).await?;
    let Some(login) = login else { return Err(wrong()) };
    if right {
        // Of many tries at once, those that were wrong may have brought a pause meanwhile: it holds for the right one too.
        let mut db = app.store.read().await?;
        let Some(login) = people::find_login_by_id(&mut db, &login.user.id).await? else { return Err(wrong()) };
        drop(db);
        not_paused(&login, now)?;
        if login.failed_sign_ins > 0 {
            let mut tx = app.store.begin().await?;
            people::set_sign_in_state(&mut tx, &login.user.id, 0, None).await?;
            tx.commit().await?;
        }
        return Ok(login.user);
    }
    let mut tx = app.store.begin().await?;
    let failed = people::count_failed_sign_in(&mut tx, &login.user.id).await?;
    people::set_sign_in_state(&mut tx, &login.user.id, failed, pause_after(failed).map(|pause| now.plus(pause))).await?;
    tx.commit().await?;
    Err(wrong())
}

fn not_paused(login: &people::Login, now: Timestamp) -> Result<(), AppError> {
    match login.blocked_until.filter(|until| *until > now) {
        Some(until) => Err(AppError::TooMany(u64::try_from((until.since(now) + SECOND - 1) / SECOND).unwrap_or(1))),
        None => Ok(()),
    }
}

/// The pause after so many wrong passwords: none at first, then 1 s, doubling, up to a quarter of an hour.
fn pause_after(failed: i64) -> Option<i64> {
    let over = failed - FREE_TRIES;
    (over >= 0).then(|| (SECOND << over.min(20)).min(PAUSE_MAX))
}

/// Changes a person's own password, and ends their other sessions.
///
/// # Errors
/// A wrong present password, or a weak new one, on its field.
pub async fn change_password(app: &App, user: &User, present: Secret, new: Secret, keep_session: Option<&[u8]>) -> Result<(), AppError> {
    let mut errors = FieldErrors::default();
    let mut db = app.store.read().await?;
    let Some(login) = people::find_login_by_id(&mut db, &user.id).await? else { return Err(not_found("user")) };
    drop(db);
    if let Err(message) = check_strength(new.expose(), &[&user.email, &user.name]) {
        errors.add("new_password", message);
    }
    if new.expose() == present.expose() {
        errors.add("new_password", "must be another one than the present");
    }
    if !app.verify_password(present, Some(login.password_hash)).await? {
        errors.0.insert(0, crate::model::problem::FieldError { field: "present_password".into(), message: "is not right".into() });
    }
    errors.into_result(|| ())?;
    let hash = app.hash_password(new).await?;
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    people::set_password(&mut tx, &user.id, &hash, now).await?;
    sessions::delete_others(&mut tx, &user.id, keep_session).await?;
    let mut entry = AuditEntry::by_operator(None, now, "user.password_changed", user.id.as_str(), serde_json::Value::Null);
    entry.actor = user.id.to_string();
    entry.actor_name.clone_from(&user.name);
    entry.actor_role = "user".to_owned();
    store::audit::append(&mut tx, &entry, None).await?;
    tx.commit().await?;
    Ok(())
}

/// A user by id: who a session says is signed in.
///
/// # Errors
/// When the database fails.
pub async fn user(app: &App, id: &UserId) -> Result<Option<User>, AppError> {
    let mut db = app.store.read().await?;
    Ok(people::find_user(&mut db, id).await?)
}

/// The studies of a signed-in person.
///
/// # Errors
/// When the database fails.
pub async fn studies_of(app: &App, user: &UserId) -> Result<Vec<StudyOfMember>, AppError> {
    let mut db = app.store.read().await?;
    Ok(studies::of_user(&mut db, user).await?)
}

/// The members of the actor's study.
///
/// # Errors
/// 403.
pub async fn members(app: &App, actor: &Actor) -> Result<Vec<Member>, AppError> {
    actor.require(Action::ManagePeople)?;
    let mut db = app.store.read().await?;
    Ok(people::members(&mut db, &actor.study.id).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let seconds: Vec<Option<i64>> = [1, 4, 5, 6, 7, 15, 60].into_iter().map(|n| pause_after(n).map(|p| p / SECOND)).collect();
        assert_eq!(seconds, [None, None, Some(1), Some(2), Some(4), Some(900), Some(900)]);
    }
}
