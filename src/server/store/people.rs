//! Users, memberships, and the one-time set-up link.

use super::{Db, StoreError, Tx, all, id, known, maybe, one, run};
use crate::model::id::{StudyId, UserId};
use crate::model::permission::Role;
use crate::model::time::Timestamp;
use crate::model::user::{Member, User};

#[derive(sqlx::FromRow)]
struct UserRow {
    id: String,
    email: String,
    name: String,
    created_at: i64,
    password_changed_at: i64,
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        Ok(User {
            id: id("user", &row.id)?,
            email: row.email,
            name: row.name,
            created_at: Timestamp(row.created_at),
            password_changed_at: Timestamp(row.password_changed_at),
        })
    }
}

/// A user with what sign-in needs to know of them.
pub struct Login {
    /// The user.
    pub user: User,
    /// argon2id, in PHC form.
    pub password_hash: String,
    /// Wrong passwords since the last right one.
    pub failed_sign_ins: i64,
    /// Until when the next try must wait.
    pub blocked_until: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct LoginRow {
    #[sqlx(flatten)]
    user: UserRow,
    password_hash: String,
    failed_sign_ins: i64,
    blocked_until: Option<i64>,
}

const LOGIN: &str = "SELECT id, email, name, created_at, password_changed_at, password_hash, failed_sign_ins, blocked_until FROM users";

fn login(row: LoginRow) -> Result<Login, StoreError> {
    Ok(Login {
        user: row.user.try_into()?,
        password_hash: row.password_hash,
        failed_sign_ins: row.failed_sign_ins,
        blocked_until: row.blocked_until.map(Timestamp),
    })
}

/// By e-mail address, which is [`crate::model::user::normalise_email`]d.
pub async fn find_login(db: &mut Db, email: &str) -> Result<Option<Login>, StoreError> {
    maybe!(db, LoginRow, format!("{LOGIN} WHERE email = $1"), email)?.map(login).transpose()
}

/// By id.
pub async fn find_login_by_id(db: &mut Db, user: &UserId) -> Result<Option<Login>, StoreError> {
    maybe!(db, LoginRow, format!("{LOGIN} WHERE id = $1"), user.as_str())?.map(login).transpose()
}

/// By id.
pub async fn find_user(db: &mut Db, user: &UserId) -> Result<Option<User>, StoreError> {
    Ok(find_login_by_id(db, user).await?.map(|l| l.user))
}

/// Whether anybody is there: the first start prints a set-up link where nobody is.
pub async fn any_user(db: &mut Db) -> Result<bool, StoreError> {
    Ok(one!(db, (i64,), "SELECT COUNT(*) FROM (SELECT 1 FROM users LIMIT 1) AS anybody")?.0 > 0)
}

/// Adds a user.
///
/// # Errors
/// [`StoreError::Duplicate`] when the e-mail address is taken.
pub async fn insert_user(tx: &mut Tx, user: &User, password_hash: &str) -> Result<(), StoreError> {
    run!(
        tx,
        "INSERT INTO users (id, email, name, password_hash, created_at, password_changed_at) VALUES ($1, $2, $3, $4, $5, $6)",
        user.id.as_str(),
        &user.email,
        &user.name,
        password_hash,
        user.created_at.micros(),
        user.password_changed_at.micros(),
    )?;
    Ok(())
}

/// Sets a new password.
pub async fn set_password(tx: &mut Tx, user: &UserId, password_hash: &str, at: Timestamp) -> Result<(), StoreError> {
    run!(
        tx,
        "UPDATE users SET password_hash = $2, password_changed_at = $3, failed_sign_ins = 0, blocked_until = NULL WHERE id = $1",
        user.as_str(),
        password_hash,
        at.micros(),
    )?;
    Ok(())
}

/// Notes how a sign-in went: the count of wrong passwords since the last right one, and until when to wait.
pub async fn set_sign_in_state(tx: &mut Tx, user: &UserId, failed: i64, blocked_until: Option<Timestamp>) -> Result<(), StoreError> {
    run!(
        tx,
        "UPDATE users SET failed_sign_ins = $2, blocked_until = $3 WHERE id = $1",
        user.as_str(),
        failed,
        blocked_until.map(Timestamp::micros),
    )?;
    Ok(())
}

/// Counts a wrong password; gives how many there were since the last right one, this one included.
pub async fn count_failed_sign_in(tx: &mut Tx, user: &UserId) -> Result<i64, StoreError> {
    let text = "UPDATE users SET failed_sign_ins = failed_sign_ins + 1 WHERE id = $1 RETURNING failed_sign_ins";
    Ok(one!(tx, (i64,), text, user.as_str())?.0)
}

/// What somebody is in a study.
pub async fn find_role(db: &mut Db, study: &StudyId, user: &UserId) -> Result<Option<Role>, StoreError> {
    let row = maybe!(db, (String,), "SELECT role FROM memberships WHERE study_id = $1 AND user_id = $2", study.as_str(), user.as_str())?;
    row.map(|(role,)| known("role", &role, Role::parse)).transpose()
}

/// Makes somebody a member, or gives a member another role.
pub async fn set_role(tx: &mut Tx, study: &StudyId, user: &UserId, role: Role, at: Timestamp) -> Result<(), StoreError> {
    run!(
        tx,
        "INSERT INTO memberships (study_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (study_id, user_id) DO UPDATE SET role = excluded.role",
        study.as_str(),
        user.as_str(),
        role.as_str(),
        at.micros(),
    )?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    #[sqlx(flatten)]
    user: UserRow,
    role: String,
}

/// The members of a study, by name.
pub async fn members(db: &mut Db, study: &StudyId) -> Result<Vec<Member>, StoreError> {
    let rows = all!(
        db,
        MemberRow,
        "SELECT u.id, u.email, u.name, u.created_at, u.password_changed_at, m.role FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.study_id = $1 ORDER BY u.name, u.id",
        study.as_str(),
    )?;
    rows.into_iter().map(|row| Ok(Member { user: row.user.try_into()?, role: known("role", &row.role, Role::parse)? })).collect()
}

/// Keeps the hash of a new set-up link in place of any before it.
pub async fn replace_setup_link(tx: &mut Tx, token_hash: &[u8], now: Timestamp, expires_at: Timestamp) -> Result<(), StoreError> {
    run!(tx, "DELETE FROM setup_links")?;
    run!(
        tx,
        "INSERT INTO setup_links (token_hash, created_at, expires_at) VALUES ($1, $2, $3)",
        token_hash,
        now.micros(),
        expires_at.micros()
    )?;
    Ok(())
}

/// Whether a set-up link is good.
pub async fn setup_link_is_good(db: &mut Db, token_hash: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    let row = maybe!(db, (i64,), "SELECT expires_at FROM setup_links WHERE token_hash = $1", token_hash)?;
    Ok(row.is_some_and(|(expires_at,)| expires_at > now.micros()))
}

/// Uses a set-up link up. `false` when it is not there: used, or never given.
pub async fn take_setup_link(tx: &mut Tx, token_hash: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    Ok(run!(tx, "DELETE FROM setup_links WHERE token_hash = $1 AND expires_at > $2", token_hash, now.micros())? == 1)
}
