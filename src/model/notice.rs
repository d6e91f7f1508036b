//! Notices: what a study's administrators are told of its webhooks, in the console and by e-mail.

use super::event_type::EventType;
use super::id::WebhookId;
use super::page::Page;
use super::time::Timestamp;

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its number in the study, counted from 1 in the order of writing.
    pub number: i64,
    /// The operational event that it tells of.
    pub kind: EventType,
    /// The webhook that it is about.
    pub webhook_id: WebhookId,
    /// That webhook's name as it is now.
    pub webhook_name: String,
    /// What happened, in a sentence or two. No patient's data.
    pub message: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// What became of its e-mails, one for each administrator of that time. Empty where none are sent.
    pub mails: Vec<NoticeMail>,
}

/// A notice on its way to one administrator by e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeMail {
    /// Their name.
    pub to: String,
    /// When the mail server took it.
    pub sent_at: Option<Timestamp>,
    /// When it is tried (again); `None` once it was sent or given up.
    pub next_at: Option<Timestamp>,
    /// What went wrong at the last try.
    pub error: Option<String>,
}

/// A page of a study's notices, as one of its members reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeList {
    /// The notices, newest first.
    pub page: Page<Notice>,
    /// The reader has read those up to this number.
    pub read_to: i64,
    /// Whether this installation sends e-mail.
    pub by_mail: bool,
}

impl NoticeList {
    /// The newest one that is shown; 0 when there is none.
    pub fn newest(&self) -> i64 {
        self.page.items.first().map_or(0, |n| n.number)
    }

    /// Whether the reader has not marked it read yet.
    pub fn is_unread(&self, notice: &Notice) -> bool {
        notice.number > self.read_to
    }
}
