//! Who looks at a page, what they sent, and what can go wrong with it.

use crate::error::AppError;
use crate::model::answers_draft::AnswersDraft;
use crate::model::synchronous::SyncOutcome;
use crate::model::time::Timestamp;
use crate::model::user::User;
use crate::server::auth::{Actor, Asker, session};
use crate::server::secret::Secret;
use crate::server::service::people;
use crate::server::state::App;
use crate::ui::Flash;
use axum::extract::{FromRef, FromRequest, FromRequestParts, OriginalUri, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tower_sessions::Session;

/// What a handler answers.
pub type Answer = Result<Response, WebError>;

/// Bytes of a form at most.
const FORM_MAX: usize = 256 * 1024;

/// One request to a page.
#[derive(Clone)]
pub struct Visitor {
    /// The application.
    pub app: App,
    /// The browser's session.
    pub session: Session,
    /// Where they ask from.
    pub asker: Asker,
    /// What they asked for.
    pub uri: Uri,
    user: Option<User>,
}

impl<S> FromRequestParts<S> for Visitor
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebError> {
        let app = App::from_ref(state);
        let session = Session::from_request_parts(parts, state)
            .await
            .map_err(|(_, why)| WebError::App(AppError::Internal(format!("The session layer is missing: {why}"))))?;
        let user = match session::current(&session, app.clock.now(), app.config.session).await? {
            Some(id) => people::user(&app, &id).await?,
            None => None,
        };
        // The whole of it: a nested router takes what it has matched off the request's own.
        let uri = parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.clone(), |original| original.0.clone());
        Ok(Self { app, session, asker: Asker::of(parts), uri, user })
    }
}

const FLASH: &str = "flash";
const OUTCOMES: &str = "outcomes";
const SHOW_ONCE: &str = "show_once";

impl Visitor {
    /// The time of the request.
    pub fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    /// Who is signed in, where somebody is.
    pub fn maybe_user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// A redirect to the sign-in page, which leads back here.
    pub fn user(&self) -> Result<&User, WebError> {
        self.user.as_ref().ok_or_else(|| {
            let back = self.uri.path_and_query().map_or("/", |p| p.as_str());
            let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", back).finish();
            WebError::SignIn(format!("/sign-in?{query}"))
        })
    }

    /// Who is signed in, in a study.
    ///
    /// # Errors
    /// As [`Visitor::user`]; 404 for a study that they are no member of.
    pub async fn actor(&self, slug: &str) -> Result<Actor, WebError> {
        let user = self.user()?.clone();
        let mut db = self.app.store.read().await?;
        Ok(Actor::member(&mut db, user, slug, self.asker.clone()).await?)
    }

    /// Leaves a message for the page that comes next.
    ///
    /// # Errors
    /// When the session cannot be kept.
    pub async fn flash(&self, flash: Flash) -> Result<(), WebError> {
        Ok(session::leave(&self.session, FLASH, &flash).await?)
    }

    /// Takes the message that the page before left.
    ///
    /// # Errors
    /// When the session cannot be read.
    pub async fn take_flash(&self) -> Result<Option<Flash>, WebError> {
        Ok(session::take(&self.session, FLASH).await?)
    }

    /// Leaves what came of the synchronous webhooks that a save waited for, for the page of the saved thing. It holds no secret.
    ///
    /// # Errors
    /// When the session cannot be kept.
    pub async fn leave_outcomes(&self, object: &str, outcomes: &[SyncOutcome]) -> Result<(), WebError> {
        if outcomes.iter().all(|o| o.failure.is_none()) {
            return Ok(());
        }
        Ok(session::leave(&self.session, OUTCOMES, &(object, outcomes)).await?)
    }

    /// Takes what was left for this object. Empty on every view but the first.
    ///
    /// # Errors
    /// When the session cannot be read.
    pub async fn take_outcomes(&self, object: &str) -> Result<Vec<SyncOutcome>, WebError> {
        let left = session::take::<(String, Vec<SyncOutcome>)>(&self.session, OUTCOMES).await?;
        Ok(left.filter(|(of, _)| of == object).map(|(_, outcomes)| outcomes).unwrap_or_default())
    }

    /// Leaves a secret for the page that comes next to show once. The session holds it sealed.
    ///
    /// # Errors
    /// When the session cannot be kept.
    pub async fn show_once(&self, object: &str, secret: &Secret) -> Result<(), WebError> {
        let sealed = self.app.vault.seal(&format!("{SHOW_ONCE}/{object}"), secret.expose().as_bytes());
        Ok(session::leave(&self.session, SHOW_ONCE, &hex::encode(sealed)).await?)
    }

    /// Takes the secret that was left for this object. `None` on every view but the first.
    ///
    /// # Errors
    /// When the session cannot be read.
    pub async fn take_shown_once(&self, object: &str) -> Result<Option<Secret>, WebError> {
        let Some(text) = session::take::<String>(&self.session, SHOW_ONCE).await? else { return Ok(None) };
        let opened = hex::decode(text).ok().and_then(|sealed| self.app.vault.open(&format!("{SHOW_ONCE}/{object}"), &sealed).ok());
        Ok(opened.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()).map(Secret::new))
    }
}

/// The fields of a posted form. A name that comes several times is a list.
pub struct Form<T>(pub T);

impl<S, T> FromRequest<S> for Form<T>
where
    T: serde::de::DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = WebError;

    async fn from_request(req: Request, _state: &S) -> Result<Self, WebError> {
        read(&form_bytes(req).await?).map(Form)
    }
}

/// Two parts of one form: the fields that a noun has, and those that say what to do with it.
pub struct FormAnd<T, U>(pub T, pub U);

impl<S, T, U> FromRequest<S> for FormAnd<T, U>
where
    T: serde::de::DeserializeOwned,
    U: serde::de::DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = WebError;

    async fn from_request(req: Request, _state: &S) -> Result<Self, WebError> {
        let bytes = form_bytes(req).await?;
        Ok(Self(read(&bytes)?, read(&bytes)?))
    }
}

async fn form_bytes(req: Request) -> Result<axum::body::Bytes, WebError> {
    let is_form = req
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return Err(AppError::Malformed("Send the page's own form.".to_owned()).into());
    }
    let bytes = axum::body::to_bytes(req.into_body(), FORM_MAX)
        .await
        .map_err(|_| AppError::TooLarge(format!("A form holds at most {FORM_MAX} bytes.")))?;
    Ok(bytes)
}

fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, WebError> {
    // What a field holds is not repeated: it may be a password.
    serde_html_form::from_bytes(bytes)
        .map_err(|_| AppError::Malformed("The form that was sent is not the page's own. Load the page again.".to_owned()).into())
}

/// A posted form whose fields only the data knows, such as a form's questions.
#[derive(Debug, serde::Deserialize)]
#[serde(transparent)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Each field with what was typed.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What was typed into a field; empty where it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.pairs().find(|(n, _)| *n == name).map_or("", |(_, value)| value)
    }

    /// The answers among them.
    pub fn answers(&self) -> AnswersDraft {
        AnswersDraft::from_fields(self.pairs())
    }
}

/// The version that the person began with: part of the form's address.
#[derive(Debug, serde::Deserialize)]
pub struct Version {
    /// It.
    pub version: i64,
}

/// The parameters of a page's address.
pub struct Query<T>(pub T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    T: serde::de::DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, WebError> {
        let text = parts.uri.query().unwrap_or_default();
        serde_html_form::from_str(text)
            .map(Query)
            .map_err(|e| AppError::Malformed(format!("The parameters of this address cannot be read: {e}.")).into())
    }
}

/// What stops a handler.
#[derive(Debug)]
pub enum WebError {
    /// Nobody is signed in: to the sign-in page at this address.
    SignIn(String),
    /// Anything that a page says.
    App(AppError),
}

impl<E: Into<AppError>> From<E> for WebError {
    fn from(error: E) -> Self {
        WebError::App(error.into())
    }
}

/// The response of an error without its page, which [`super::render::error_pages`] adds.
impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        match self {
            WebError::SignIn(to) => see_other(&to),
            WebError::App(error) => {
                let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let mut response = status.into_response();
                response.extensions_mut().insert(error);
                response
            }
        }
    }
}

/// After a form: look there.
pub fn see_other(to: &str) -> Response {
    axum::response::Redirect::to(to).into_response()
}
