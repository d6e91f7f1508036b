//! What decides a payload's bytes: the part of a webhook's settings that its format reads, and nothing else.

use super::event_type::EventType;
use super::webhook::{Content, KeyCase, PayloadFormat, WebhookSettings};
use std::fmt;

/// A format with what it reads of the settings. Webhooks of the same variant share an event's payload; a delivery keeps its variant as
/// text, so that what is made for each attempt stays of the same kind whatever was edited since.
///
/// `mydatahelps`, `trialkit` and `infermedica` send identifiers and nothing else, so [`Content`] is no part of theirs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PayloadVariant {
    /// See [`PayloadFormat::Standard`].
    Standard {
        /// What leaves the study.
        content: Content,
    },
    /// See [`PayloadFormat::Mydatahelps`].
    Mydatahelps {
        /// How keys are spelt.
        key_case: KeyCase,
        /// Whether `PatientIdentifier` and `PatientID` are sent too.
        legacy: bool,
    },
    /// See [`PayloadFormat::Trialkit`].
    Trialkit,
    /// See [`PayloadFormat::Infermedica`].
    Infermedica,
    /// See [`PayloadFormat::Survey`].
    Survey {
        /// What leaves the study.
        content: Content,
        /// The header with the signature.
        signature_header: String,
        /// The header with the event's type.
        event_header: String,
        /// The header with the delivery's id.
        delivery_header: String,
    },
}

/// What a legacy variant of `mydatahelps` ends with.
const LEGACY: &str = "legacy";

impl fmt::Display for PayloadVariant {
    /// The text that is stored: parts between slashes, which no header's name may hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.format().as_str())?;
        match self {
            Self::Standard { content } => write!(f, "/{}", content.as_str()),
            Self::Mydatahelps { key_case, legacy: false } => write!(f, "/{}", key_case.as_str()),
            Self::Mydatahelps { key_case, legacy: true } => write!(f, "/{}/{LEGACY}", key_case.as_str()),
            Self::Trialkit | Self::Infermedica => Ok(()),
            Self::Survey { content, signature_header, event_header, delivery_header } => {
                write!(f, "/{}/{signature_header}/{event_header}/{delivery_header}", content.as_str())
            }
        }
    }
}

impl PayloadVariant {
    /// Reads what [`fmt::Display`] wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let format = PayloadFormat::parse(parts.next()?)?;
        let rest: Vec<&str> = parts.collect();
        Some(match (format, rest.as_slice()) {
            (PayloadFormat::Standard, [content]) => Self::Standard { content: Content::parse(content)? },
            (PayloadFormat::Mydatahelps, [key_case]) => Self::Mydatahelps { key_case: KeyCase::parse(key_case)?, legacy: false },
            (PayloadFormat::Mydatahelps, [key_case, LEGACY]) => Self::Mydatahelps { key_case: KeyCase::parse(key_case)?, legacy: true },
            (PayloadFormat::Trialkit, []) => Self::Trialkit,
            (PayloadFormat::Infermedica, []) => Self::Infermedica,
            (PayloadFormat::Survey, [content, signature, event, delivery]) => Self::Survey {
                content: Content::parse(content)?,
                signature_header: (*signature).to_owned(),
                event_header: (*event).to_owned(),
                delivery_header: (*delivery).to_owned(),
            },
            _ => return None,
        })
    }

    /// Its format.
    pub fn format(&self) -> PayloadFormat {
        match self {
            Self::Standard { .. } => PayloadFormat::Standard,
            Self::Mydatahelps { .. } => PayloadFormat::Mydatahelps,
            Self::Trialkit => PayloadFormat::Trialkit,
            Self::Infermedica => PayloadFormat::Infermedica,
            Self::Survey { .. } => PayloadFormat::Survey,
        }
    }
}

impl WebhookSettings {
    /// What of these settings decides a payload's bytes.
    pub fn variant(&self) -> PayloadVariant {
        let options = &self.format_options;
        match self.format {
            PayloadFormat::Standard => PayloadVariant::Standard { content: self.content },
            PayloadFormat::Mydatahelps => PayloadVariant::Mydatahelps { key_case: options.key_case, legacy: options.legacy },
            PayloadFormat::Trialkit => PayloadVariant::Trialkit,
            PayloadFormat::Infermedica => PayloadVariant::Infermedica,
            PayloadFormat::Survey => PayloadVariant::Survey {
                content: self.content,
                signature_header: options.signature_header.clone(),
                event_header: options.event_header.clone(),
                delivery_header: options.delivery_header.clone(),
            },
        }
    }

    /// The first of its events: what a preview shows.
    pub fn first_event(&self) -> EventType {
        self.events
            .iter()
            .copied()
            .find(|t| self.format.speaks_of(*t))
            .or_else(|| self.format.event_types().first().copied())
            .unwrap_or(EventType::WebhookTest)
    }

    /// The event with which trying it out begins: the harmless one, where the format has it, or else the first that was chosen.
    pub fn sample_event(&self) -> EventType {
        if self.format.speaks_of(EventType::WebhookTest) { EventType::WebhookTest } else { self.first_event() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_text_reads_back_and_tells_all_variants_apart() {
        let survey = |content, name: &str| PayloadVariant::Survey {
            content,
            signature_header: name.to_owned(),
            event_header: "X-E".to_owned(),
            delivery_header: "X-D".to_owned(),
        };
        let mut all = vec![PayloadVariant::Trialkit, PayloadVariant::Infermedica, survey(Content::Full, "X-T")];
        for content in [Content::IdOnly, Content::Full] {
            all.extend([PayloadVariant::Standard { content }, survey(content, "X-S")]);
        }
        for key_case in [KeyCase::Pascal, KeyCase::Camel] {
            all.extend([false, true].map(|legacy| PayloadVariant::Mydatahelps { key_case, legacy }));
        }
        let texts: std::collections::HashSet<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), all.len());
        for variant in all {
            assert_eq!(PayloadVariant::parse(&variant.to_string()), Some(variant));
        }
    }

    #[test]
    fn what_was_stored_before_there_were_others_reads_on() {
        assert_eq!(PayloadVariant::parse("standard/id-only"), Some(PayloadVariant::Standard { content: Content::IdOnly }));
        for wrong in ["", "standard", "standard/all", "trialkit/full", "mydatahelps/pascal/old", "survey/full/a/b", "xml/full"] {
            assert_eq!(PayloadVariant::parse(wrong), None, "{wrong}");
        }
    }
}
