//! Outgoing e-mail, over the operator's SMTP server.

use super::config::MailSettings;
use crate::model::time::Timestamp;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::time::Duration;

/// A whole mail may take so long, from the look-up of the server's name to its last answer.
const TIMEOUT: Duration = Duration::from_secs(45);

/// Why a mail did not go out. Never holds the password.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server's address.
    #[error("HOOKWELL_SMTP_URL: cannot be used: {0}")]
    Server(lettre::transport::smtp::Error),
    /// An address.
    #[error("{0:?} is no e-mail address: {1}")]
    Address(String, lettre::address::AddressError),
    /// The message.
    #[error("the message cannot be made: {0}")]
    Message(#[from] lettre::error::Error),
    /// The server was not reached, or did not take it. Holds its answer.
    #[error("{0}")]
    Refused(#[from] lettre::transport::smtp::Error),
    /// The server did not answer in time.
    #[error("the mail server did not take it within {} s", TIMEOUT.as_secs())]
    Timeout,
}

/// A message to one person.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Their address.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text, plain.
    pub body: String,
    /// What its `Message-ID` begins with: the same for the same message, however often it is sent.
    pub id: String,
    /// Its date.
    pub at: Timestamp,
}

/// Sends mail.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// Over this server, from this sender. No connection is made yet.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub fn new(settings: &MailSettings) -> Result<Self, MailError> {
        let from = mailbox(&settings.from)?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.url.expose()).map_err(MailError::Server)?;
        Ok(Self { transport: transport.timeout(Some(TIMEOUT)).build(), from })
    }

    /// Sends one message, and waits until the server has taken it.
    ///
    /// # Errors
    /// With what the server answered, where it did.
    pub async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let at = std::time::UNIX_EPOCH + Duration::from_micros(u64::try_from(mail.at.micros()).unwrap_or_default());
        let message = Message::builder()
            .from(self.from.clone())
            .to(mailbox(&mail.to)?)
            .subject(mail.subject)
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            .date(at)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body)?;
        match tokio::time::timeout(TIMEOUT, self.transport.send(message)).await {
            Ok(done) => Ok(done.map(drop)?),
            Err(_) => Err(MailError::Timeout),
        }
    }
}

fn mailbox(text: &str) -> Result<Mailbox, MailError> {
    text.parse().map_err(|e| MailError::Address(text.to_owned(), e))
}
