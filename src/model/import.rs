//! Imports of participants: a file is read, shown, confirmed, then carried out in the background.

use super::id::{ImportId, StudyId};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Rows of one file at most.
pub const ROWS_MAX: usize = 50_000;
/// Bytes of one file at most.
pub const BYTES_MAX: usize = 10 * 1024 * 1024;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum ImportState {
    /// Read and shown; nothing is imported until somebody confirms the good rows.
    Preview,
    /// Being carried out.
    Running,
    /// Carried out.
    Done,
    /// Thrown away before it was confirmed.
    Discarded,
}

text_enum!(ImportState { Preview = "preview" / "Preview", Running = "running" / "Running", Done = "done" / "Done", Discarded = "discarded" / "Discarded" });

/// One import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// Its study.
    pub study_id: StudyId,
    /// What the file was called.
    pub file_name: String,
    /// How far it is.
    pub state: ImportState,
    /// Rows in the file.
    pub total: i64,
    /// Rows with an error, which are not imported.
    pub bad: i64,
    /// The line up to which it is carried out.
    pub line_done: i64,
    /// Participants created.
    pub created: i64,
    /// Good rows that could not be created after all: their identifier was taken meanwhile.
    pub skipped: i64,
    /// Who made it.
    pub created_by: String,
    /// When the file came.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl Import {
    /// Rows that are or will be imported.
    pub fn good(&self) -> i64 {
        self.total - self.bad
    }

    /// How much of the good rows is done, in whole percent.
    pub fn percent(&self) -> i64 {
        match self.good() {
            0 => 100,
            good => (self.created + self.skipped) * 100 / good,
        }
    }
}

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    /// Its line in the file, from 1; the header is line 1.
    pub line: i64,
    /// As in the file.
    pub identifier: String,
    /// As in the file.
    pub site: String,
    /// As in the file.
    pub email: String,
    /// The other columns, one `name: value` a line.
    pub details: String,
    /// What is wrong with it.
    pub error: Option<String>,
}
