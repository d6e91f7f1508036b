//! `/api/v1/review-levels`: the steps that the study's records are reviewed in.

use crate::error::AppError;
use crate::model::problem::FieldErrors;
use crate::model::record::{ReviewLevel, ReviewLevels};
use crate::server::rest::extract::{ApiActor, Json};
use crate::server::rest::problem::{Always, OfBody, OfChange, Problem};
use crate::server::service::records;
use crate::server::state::App;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The study's review levels, in order.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewLevelList {
    /// At most five.
    levels: Vec<ReviewLevel>,
}

/// A review level as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewLevelInput {
    /// Its place, as it was read. It may be left out; it is that in the list.
    #[schema(example = 1)]
    seq: Option<u8>,
    /// 1–200 characters on one line.
    #[schema(example = "Monitor")]
    name: String,
    /// The numbers of at most three roles of the platform; -1, the default, stands for none.
    #[serde(default = "nobody")]
    #[schema(example = json!([4, -1, -1]))]
    roles: [i64; 3],
    /// Whether single fields are reviewed.
    #[serde(default)]
    field_level: bool,
    /// Whether a record that has reached it is locked.
    #[serde(default)]
    lock: bool,
    /// Whether reaching it is signed, which no API key can do.
    #[serde(default)]
    sign: bool,
    /// Whether it may be left out.
    #[serde(default)]
    soft: bool,
    /// What it is for, at most 2,000 characters.
    #[serde(default)]
    description: String,
}

fn nobody() -> [i64; 3] {
    [-1; 3]
}

/// Review levels as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"levels": [{"name": "Data entry", "soft": true}, {"name": "Monitor", "lock": true}]}))]
pub struct ReviewLevelsInput {
    /// All of them, in order, at most five.
    levels: Vec<ReviewLevelInput>,
}

impl ReviewLevelsInput {
    fn levels(self) -> Result<ReviewLevels, AppError> {
        let mut errors = FieldErrors::default();
        let mut levels = Vec::new();
        for (index, l) in self.levels.into_iter().enumerate() {
            let seq = u8::try_from(index + 1).unwrap_or(u8::MAX);
            if l.seq.is_some_and(|sent| sent != seq) {
                errors.add(format!("levels[{index}].seq"), format!("must be {seq}, its place in the list, or be left out"));
            }
            levels.push(ReviewLevel {
                seq,
                name: l.name,
                roles: l.roles,
                field_level: l.field_level,
                lock: l.lock,
                sign: l.sign,
                soft: l.soft,
                description: l.description,
            });
        }
        Ok(errors.into_result(|| ReviewLevels(levels))?)
    }
}

/// Read the review levels
///
/// In order. Needs the scope `data:write`.
#[utoipa::path(get, path = "/api/v1/review-levels", tag = "Records",
    responses((status = 200, description = "The review levels.", body = ReviewLevelList), Always))]
pub async fn get_review_levels(State(app): State<App>, ApiActor(actor): ApiActor) -> Result<axum::Json<ReviewLevelList>, Problem> {
    Ok(axum::Json(ReviewLevelList { levels: records::levels(&app, &actor).await?.0 }))
}

/// Set the review levels
///
/// All of them, in place of those before. A level that a record has reached cannot be taken away (409). Needs the scope `data:write`.
#[utoipa::path(put, path = "/api/v1/review-levels", tag = "Records", request_body(content = ReviewLevelsInput),
    responses((status = 200, description = "The review levels.", body = ReviewLevelList), OfBody, OfChange, Always))]
pub async fn put_review_levels(
    State(app): State<App>,
    ApiActor(actor): ApiActor,
    Json(body): Json<ReviewLevelsInput>,
) -> Result<axum::Json<ReviewLevelList>, Problem> {
    let levels = records::set_levels(&app, &actor, body.levels()?).await?;
    Ok(axum::Json(ReviewLevelList { levels: levels.0 }))
}
