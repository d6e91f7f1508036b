//! Signing in and out, and the first set-up.

use super::{Answer, Form, Query, Visitor, again, html, see_other};
use crate::error::AppError;
use crate::model::problem::FieldErrors;
use crate::pages::sign_in::{SetupFields, SetupPage, SignInPage};
use crate::server::auth::session;
use crate::server::secret::Secret;
use crate::server::service::people::{self, Setup};
use crate::ui::Flash;
use axum::extract::Path;
use axum::http::StatusCode;
use leptos::prelude::*;
use serde::Deserialize;

/// Parameters of the sign-in page.
#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// Where to go after signing in: a path of ours, never another site.
fn safe_next(next: &str) -> String {
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\') && !next.chars().any(char::is_control);
    if ours { next.to_owned() } else { "/studies".to_owned() }
}

/// `GET /`
pub async fn home(visitor: Visitor) -> Answer {
    visitor.user()?;
    Ok(see_other("/studies"))
}

/// `GET /sign-in`
pub async fn page(visitor: Visitor, Query(Next { next }): Query<Next>) -> Answer {
    if visitor.maybe_user().is_some() {
        return Ok(see_other(&safe_next(&next)));
    }
    let flash = visitor.take_flash().await?;
    Ok(html(&visitor, "Sign in", move || view! { <SignInPage next=next email=String::new() error=None flash=flash /> }).await)
}

/// The sign-in form.
#[derive(Deserialize)]
pub struct SignIn {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `POST /sign-in`
pub async fn submit(visitor: Visitor, Form(form): Form<SignIn>) -> Answer {
    let SignIn { email, password, next } = form;
    match people::sign_in(&visitor.app, &email, Secret::new(password)).await {
        Ok(user) => {
            session::sign_in(&visitor.session, user.id, visitor.now()).await?;
            Ok(see_other(&safe_next(&next)))
        }
        Err(error @ (AppError::Unauthenticated(_) | AppError::TooMany(_))) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNAUTHORIZED);
            let text = Some(error.to_string());
            let mut response =
                html(&visitor, "Sign in", move || view! { <SignInPage next=next email=email error=text flash=None /> }).await;
            *response.status_mut() = status;
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /sign-out`
pub async fn sign_out(visitor: Visitor) -> Answer {
    session::sign_out(&visitor.session).await?;
    visitor.flash(Flash::success("You are signed out.")).await?;
    Ok(see_other("/sign-in"))
}

/// `GET /setup/{token}`
pub async fn setup_page(visitor: Visitor, Path(token): Path<String>) -> Answer {
    if !people::setup_link_works(&visitor.app, &token).await? {
        return Err(AppError::NotFound(
            "This set-up link was used, replaced or has expired. Start Hookwell again for a new one.".to_owned(),
        )
        .into());
    }
    let page = move || view! { <SetupPage token=token fields=SetupFields::default() errors=FieldErrors::default() /> };
    Ok(html(&visitor, "Set up", page).await)
}

/// The set-up form.
#[derive(Deserialize)]
pub struct SetupForm {
    email: String,
    name: String,
    password: String,
    study_name: String,
    study_slug: String,
}

/// `POST /setup/{token}`
pub async fn setup_submit(visitor: Visitor, Path(token): Path<String>, Form(form): Form<SetupForm>) -> Answer {
    let fields = SetupFields {
        email: form.email.clone(),
        name: form.name.clone(),
        study_name: form.study_name.clone(),
        study_slug: form.study_slug.clone(),
    };
    let setup = Setup {
        email: form.email,
        name: form.name,
        password: Secret::new(form.password),
        study_name: form.study_name,
        study_slug: form.study_slug,
    };
    match people::setup(&visitor.app, &token, setup).await {
        Ok(user) => {
            session::sign_in(&visitor.session, user.id, visitor.now()).await?;
            visitor
                .flash(Flash::success(
                    "Welcome. Next, an implementation manager enables Integrations for the study; add one with “hookwell user add”.",
                ))
                .await?;
            Ok(see_other("/studies"))
        }
        Err(error @ AppError::Invalid(_)) => {
            let errors = error.fields();
            Ok(again(&visitor, "Set up", move || view! { <SetupPage token=token fields=fields errors=errors /> }).await)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::safe_next;

    #[test]
    fn signing_in_never_leads_to_another_site() {
        assert_eq!(safe_next("/s/a/settings/integrations?x=1"), "/s/a/settings/integrations?x=1");
        for other in ["", "https://evil.example", "//evil.example", "/\\evil.example", "evil", "/a\r\nb"] {
            assert_eq!(safe_next(other), "/studies");
        }
    }
}
