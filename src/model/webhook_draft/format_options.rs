//! What a draft says of its format's options.

use super::{Change, WebhookDraft, check_header_name};
use crate::model::problem::FieldErrors;
use crate::model::webhook::{FormatOptions, KeyCase, PayloadFormat};

impl WebhookDraft {
    /// What the form may choose of a format; [`FormatOptions::legacy`] is not of it. Fields of other formats than the chosen one are not
    /// checked: what is good in them is kept for the day when that format is chosen, and what is not becomes the usual.
    pub(super) fn check_format_options(&self, format: PayloadFormat, errors: &mut FieldErrors) -> FormatOptions {
        let (mut case_errors, mut name_errors) = (FieldErrors::default(), FieldErrors::default());
        let key_case = self.check_key_case(&mut case_errors);
        let names = self.check_format_headers(&mut name_errors);
        let usual = FormatOptions::default();
        let names = if name_errors.is_empty() { names } else { usual.header_names().map(str::to_owned) };
        match format {
            PayloadFormat::Mydatahelps => errors.0.extend(case_errors.0),
            PayloadFormat::Survey => errors.0.extend(name_errors.0),
            PayloadFormat::Standard | PayloadFormat::Trialkit | PayloadFormat::Infermedica => {}
        }
        let [signature_header, event_header, delivery_header] = names;
        FormatOptions { key_case, legacy: false, signature_header, event_header, delivery_header }
    }

    fn check_key_case(&self, errors: &mut FieldErrors) -> KeyCase {
        KeyCase::parse(&self.key_case).unwrap_or_else(|| {
            errors.add("key_case", "must be pascal or camel");
            KeyCase::Pascal
        })
    }

    fn check_format_headers(&self, errors: &mut FieldErrors) -> [String; 3] {
        let usual = FormatOptions::default();
        let mut name = |field: &str, text: &str, usual: String| match text.trim() {
            "" => usual,
            name => {
                if let Err(message) = check_header_name(name) {
                    errors.add(field, message);
                } else if name.eq_ignore_ascii_case("authorization") {
                    errors.add(field, "Authorization is for credentials; choose another name");
                }
                name.to_owned()
            }
        };
        let signature_header = name("signature_header", &self.signature_header, usual.signature_header);
        let event_header = name("event_header", &self.event_header, usual.event_header);
        let delivery_header = name("delivery_header", &self.delivery_header, usual.delivery_header);
        let all = [&signature_header, &event_header, &delivery_header].map(|n| n.to_ascii_lowercase());
        if all[0] == all[1] || all[0] == all[2] || all[1] == all[2] {
            errors.add("signature_header", "the three headers must have different names");
        }
        [signature_header, event_header, delivery_header]
    }
}

/// Refuses a token's or custom header of the name that the format gives to one of its own.
pub(super) fn check_names(
    options: &FormatOptions,
    token: Option<&(String, Change<String>)>,
    headers: &[(String, Change<String>)],
    errors: &mut FieldErrors,
) {
    let taken = |name: &str| options.header_names().iter().any(|own| own.eq_ignore_ascii_case(name));
    for (field, (name, _)) in token.map(|t| ("token_header", t)).into_iter().chain(headers.iter().map(|h| ("headers", h))) {
        if taken(name) {
            errors.add(field, format!("{name} is one of the format's own headers; choose another name"));
        }
    }
}
