//! Tells open pages that something changed, so that they fetch themselves again. Loses nothing that matters: the page's truth
//! is the database, and a page that hears nothing is only older.

use crate::model::id::{StudyId, WebhookId};
use tokio::sync::broadcast;

/// A webhook's history changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// In which study.
    pub study_id: StudyId,
    /// Of which webhook.
    pub webhook_id: WebhookId,
}

/// Who tells and who listens. Cheap to clone.
#[derive(Clone)]
pub struct Live(broadcast::Sender<Change>);

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::channel(256).0)
    }
}

impl Live {
    /// Tells whoever listens; nobody need.
    pub fn tell(&self, study_id: &StudyId, webhook_id: &WebhookId) {
        let _nobody_listens = self.0.send(Change { study_id: study_id.clone(), webhook_id: webhook_id.clone() });
    }

    /// Listens from now on. One that lags behind is told so, and should take it for a change.
    pub fn listen(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }
}
