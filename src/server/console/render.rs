//! From a view to a page: the document around it, its nonce and content security policy, its status.

use super::visitor::{Visitor, WebError};
use crate::error::AppError;
use crate::pages::{self, frame::Frame};
use crate::server::auth::{Actor, request_id};
use crate::server::service::{notices, people};
use crate::server::{assets, security_headers};
use crate::ui::IconsUrl;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt;
use leptos::prelude::*;

/// Reads what the frame around a page shows.
impl Frame {
    /// The frame for a page of a study.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(visitor: &Visitor, actor: &Actor) -> Result<Self, WebError> {
        let mut frame = Self::outside(visitor).await?;
        frame.unread = notices::unread(&visitor.app, actor).await?;
        frame.current = frame.studies.iter().find(|s| s.study.id == actor.study.id).cloned();
        Ok(frame)
    }

    /// The frame for a page of no study.
    ///
    /// # Errors
    /// As [`Visitor::user`].
    pub async fn outside(visitor: &Visitor) -> Result<Self, WebError> {
        let user = visitor.user()?.clone();
        let studies = people::studies_of(&visitor.app, &user.id).await?;
        Ok(Self { user, studies, current: None, flash: visitor.take_flash().await?, unread: None, now: visitor.now() })
    }
}

/// The page that a view makes, 200.
pub async fn html<V: IntoView + 'static>(visitor: &Visitor, title: &str, view: impl FnOnce() -> V + Send + 'static) -> Response {
    document(&visitor.uri, title, view).await
}

/// The same with 422: a form that is shown again.
pub async fn again<V: IntoView + 'static>(visitor: &Visitor, title: &str, view: impl FnOnce() -> V + Send + 'static) -> Response {
    let mut response = html(visitor, title, view).await;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    response
}

/// The same with any status: 200, 409 for a form that somebody else was before, 422.
pub async fn answered<V: IntoView + 'static>(
    visitor: &Visitor,
    status: StatusCode,
    title: &str,
    view: impl FnOnce() -> V + Send + 'static,
) -> Response {
    let mut response = html(visitor, title, view).await;
    *response.status_mut() = status;
    response
}

async fn document<V: IntoView + 'static>(uri: &Uri, title: &str, view: impl FnOnce() -> V + Send + 'static) -> Response {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = uri.clone();
    let title = format!("{title} · Hookwell");
    let context = || {
        security_headers::page_policy();
        provide_context(IconsUrl(assets::url("icons.svg").to_owned()));
    };
    let script = assets::has_islands().then(assets::leptos_options);
    let page = move || pages::shell::shell(title, assets::url("style.css"), script, view());
    leptos_axum::handle_response_inner(context, page, request, |app, chunks, _| {
        // Nothing in a page waits for anything: its data was read before. The whole is one piece.
        Box::pin(async move {
            let whole = app.to_html_stream_in_order().collect::<String>().await;
            let chunks = chunks();
            Box::pin(futures::stream::once(async move { whole }).chain(chunks)) as _
        })
    })
    .await
}

/// Gives an error that a handler answered with its page.
pub async fn error_pages(request: Request, next: Next) -> Response {
    let (uri, request_id) = (request.uri().clone(), request_id(request.headers()));
    let mut response = next.run(request).await;
    let error = match response.extensions_mut().remove::<AppError>() {
        Some(error) => error,
        // What axum itself answers to an address that is not in the table.
        None if response.status() == StatusCode::NOT_FOUND && !response.headers().contains_key(axum::http::header::CONTENT_TYPE) => {
            AppError::NotFound("There is no page at this address.".to_owned())
        }
        None => return response,
    };
    let status = response.status();
    let (_, title) = error.kind();
    // A participant has no studies to go to.
    let console = !uri.path().starts_with("/r/");
    let page = move || view! { <pages::error::ErrorPage error=error request_id=request_id console=console /> };
    let mut page = document(&uri, title, page).await;
    *page.status_mut() = status;
    page
}
