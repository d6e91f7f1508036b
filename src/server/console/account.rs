//! One's own account.

use super::{Answer, Form, Visitor, again, html, see_other};
use crate::error::AppError;
use crate::model::problem::FieldErrors;
use crate::pages::account::AccountPage;
use crate::pages::frame::Frame;
use crate::server::auth::session;
use crate::server::secret::Secret;
use crate::server::service::people;
use crate::ui::Flash;
use leptos::prelude::*;
use serde::Deserialize;

/// `GET /account`
pub async fn page(visitor: Visitor) -> Answer {
    let frame = Frame::outside(&visitor).await?;
    Ok(html(&visitor, "Account", move || view! { <AccountPage frame=frame errors=FieldErrors::default() /> }).await)
}

/// The form for another password.
#[derive(Deserialize)]
pub struct ChangePassword {
    present_password: String,
    new_password: String,
}

/// `POST /account/password`
pub async fn change_password(visitor: Visitor, Form(form): Form<ChangePassword>) -> Answer {
    let user = visitor.user()?;
    let keep = session::hash_of(&visitor.session);
    let (present, new) = (Secret::new(form.present_password), Secret::new(form.new_password));
    match people::change_password(&visitor.app, user, present, new, keep.as_deref()).await {
        Ok(()) => {
            visitor.flash(Flash::success("The password is changed. Your other sessions are signed out.")).await?;
            Ok(see_other("/account"))
        }
        Err(error @ AppError::Invalid(_)) => {
            let frame = Frame::outside(&visitor).await?;
            Ok(again(&visitor, "Account", move || view! { <AccountPage frame=frame errors=error.fields() /> }).await)
        }
        Err(error) => Err(error.into()),
    }
}
