//! Imports of participants: the upload, the preview, confirming and discarding it, its progress.

use super::{Answer, Form, Visitor, WebError, again, html, see_other};
use crate::error::{AppError, invalid, not_found};
use crate::model::id::ImportId;
use crate::model::import::{BYTES_MAX, Import, ImportState};
use crate::model::permission::Action;
use crate::model::problem::{FieldError, FieldErrors};
use crate::pages::frame::{Frame, participants_path};
use crate::pages::import::ImportedPage;
use crate::pages::imports::ImportPage;
use crate::server::auth::Actor;
use crate::server::service::imports::ImportView;
use crate::server::service::{imports, sites};
use crate::ui::Flash;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Path, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use leptos::prelude::*;
use serde::Deserialize;

/// Bytes of an upload at most: a file, and what a form has around it. A little more than a file may have, so that one that is a little too
/// large is told so at its field.
pub const UPLOAD_MAX: usize = BYTES_MAX + 1024 * 1024;

/// `GET /s/{study}/participants/import`
pub async fn upload_page(visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let latest = imports::latest(&visitor.app, &actor).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let (text, errors) = (String::new(), FieldErrors::default());
    let page = move || view! { <ImportPage frame=frame study=actor.study text=text errors=errors latest=latest /> };
    Ok(html(&visitor, "Import participants", page).await)
}

/// Rows as pasted.
#[derive(Deserialize)]
struct Pasted {
    #[serde(default)]
    text: String,
}

/// `POST /s/{study}/participants/import`: a file (`multipart/form-data`, field `file`) or pasted rows (field `text`).
pub async fn upload(visitor: Visitor, Path(slug): Path<String>, request: Request) -> Answer {
    let actor = visitor.actor(&slug).await?;
    // Before anything is read: a file is long.
    actor.require(Action::WriteStudyData)?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (made, text) = if kind.starts_with("multipart/form-data") {
        let made = match read_file(request).await {
            Ok((name, bytes)) => imports::preview(&visitor.app, &actor, &name, &bytes).await,
            Err(error) => Err(error),
        };
        (made, String::new())
    } else {
        let Form(Pasted { text }) = Form::from_request(request, &()).await?;
        let made = imports::preview(&visitor.app, &actor, "Pasted rows", text.as_bytes()).await;
        (made.map_err(at_text), text)
    };
    match made {
        Ok(import) => Ok(see_other(&path_of(&actor, &import.id))),
        Err(error @ AppError::Invalid(_)) => {
            let latest = imports::latest(&visitor.app, &actor).await?;
            let frame = Frame::of(&visitor, &actor).await?;
            let errors = error.fields();
            let page = move || view! { <ImportPage frame=frame study=actor.study text=text errors=errors latest=latest /> };
            Ok(again(&visitor, "Import participants", page).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// What is wrong with a file, said of the rows that were pasted.
fn at_text(error: AppError) -> AppError {
    let at = |e: FieldError| FieldError { field: if e.field == "file" { "text".to_owned() } else { e.field }, ..e };
    match error {
        AppError::Invalid(errors) => AppError::Invalid(errors.into_iter().map(at).collect()),
        other => other,
    }
}

/// The name and the bytes of the file in the field `file`.
async fn read_file(request: Request) -> Result<(String, Vec<u8>), AppError> {
    let unreadable = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            invalid("file", format!("has more than {} MiB, which is the most that is taken", BYTES_MAX / 1024 / 1024))
        }
        _ => AppError::Malformed("The upload was cut off or is not the page’s own form. Load the page again.".to_owned()),
    };
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|_| AppError::Malformed("The upload is not the page’s own form. Load the page again.".to_owned()))?;
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        if part.name() == Some("file") {
            let name = part.file_name().filter(|n| !n.is_empty()).unwrap_or("Without a name").to_owned();
            let bytes = part.bytes().await.map_err(unreadable)?;
            if bytes.is_empty() {
                return Err(invalid("file", "choose a file that is not empty"));
            }
            return Ok((name, bytes.to_vec()));
        }
    }
    Err(invalid("file", "choose a file"))
}

/// `GET /s/{study}/participants/import/template.csv`: the columns, and a row as an example, at the study's first site.
pub async fn template(visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let site = sites::list(&visitor.app, &actor).await?.into_iter().next().map(|s| s.name).unwrap_or_default();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let unwritten = |e: &dyn std::fmt::Display| AppError::Internal(format!("The template could not be written: {e}"));
    for record in [["identifier", "site", "email", "Arm"], ["EXAMPLE-0001", &site, "ada@example.com", "A"]] {
        writer.write_record(record).map_err(|e| unwritten(&e))?;
    }
    let rows = writer.into_inner().map_err(|e| unwritten(&e))?;
    // With the mark by which spreadsheets know UTF-8.
    let body = ["\u{feff}".as_bytes(), &rows].concat();
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"participants.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, body).into_response())
}

fn path_of(actor: &Actor, id: &ImportId) -> String {
    format!("{}/imports/{id}", participants_path(&actor.study))
}

/// `GET /s/{study}/participants/imports/{id}`: while it runs, the browser is told to load it again every second, which needs no script.
pub async fn page(visitor: Visitor, Path((slug, id)): Path<(String, String)>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let id: ImportId = id.parse().map_err(|_| not_found("import"))?;
    let ImportView { import, sample, bad } = imports::get(&visitor.app, &actor, &id).await?;
    let frame = Frame::of(&visitor, &actor).await?;
    let running = import.state == ImportState::Running;
    let page = move || view! { <ImportedPage frame=frame study=actor.study import=import sample=sample bad=bad /> };
    let mut response = html(&visitor, "Import", page).await;
    if running {
        response.headers_mut().insert(header::REFRESH, HeaderValue::from_static("1"));
    }
    Ok(response)
}

/// `POST /s/{study}/participants/imports/{id}/confirm`
pub async fn confirm(visitor: Visitor, Path((slug, id)): Path<(String, String)>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let id: ImportId = id.parse().map_err(|_| not_found("import"))?;
    let turned = imports::confirm(&visitor.app, &actor, &id).await;
    turned_to(&visitor, &path_of(&actor, &id), turned, None).await
}

/// `POST /s/{study}/participants/imports/{id}/discard`
pub async fn discard(visitor: Visitor, Path((slug, id)): Path<(String, String)>) -> Answer {
    let actor = visitor.actor(&slug).await?;
    let id: ImportId = id.parse().map_err(|_| not_found("import"))?;
    let turned = imports::discard(&visitor.app, &actor, &id).await;
    let flash = Flash::success("The file is discarded. Nothing of it was imported.");
    turned_to(&visitor, &format!("{}/import", participants_path(&actor.study)), turned, Some(flash)).await
}

/// Where a button leads to; what came too late is said on the page as it is now.
async fn turned_to(
    visitor: &Visitor,
    to: &str,
    turned: Result<Import, AppError>,
    flash: Option<Flash>,
) -> Result<axum::response::Response, WebError> {
    let flash = match turned {
        Ok(_) => flash,
        Err(AppError::Conflict(text)) => Some(Flash::error(text)),
        Err(error) => return Err(error.into()),
    };
    if let Some(flash) = flash {
        visitor.flash(flash).await?;
    }
    Ok(see_other(to))
}
