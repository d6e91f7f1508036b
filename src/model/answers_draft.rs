//! Answers as the fields of a page hold them: text, by question.

use super::form::Question;
use super::problem::FieldErrors;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What stands in the fields of a form's questions, or, where a form has none, in the one field that takes any object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnswersDraft {
    /// Text by question; `yes` and `no` for a yes-or-no.
    pub fields: BTreeMap<String, String>,
    /// A JSON object: all there is of a form without questions.
    pub object: Option<String>,
}

impl AnswersDraft {
    /// Answers that were saved, to be shown in their fields.
    pub fn of(questions: &[Question], answers: &Map<String, Value>) -> Self {
        if questions.is_empty() {
            let object = if answers.is_empty() { Ok("{}".to_owned()) } else { serde_json::to_string_pretty(answers) };
            return Self { object: object.ok(), ..Self::default() };
        }
        Self { fields: answers.iter().map(|(key, value)| (key.clone(), text_of(value))).collect(), object: None }
    }

    /// Takes `answers.{key}` and `answers` from among a posted form's fields.
    pub fn from_fields<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut draft = Self::default();
        for (name, value) in fields {
            if let Some(key) = name.strip_prefix("answers.") {
                draft.fields.insert(key.to_owned(), value.to_owned());
            } else if name == "answers" {
                draft.object = Some(value.to_owned());
            }
        }
        draft
    }

    /// What stands in a question's field.
    pub fn text(&self, key: &str) -> String {
        self.fields.get(key).cloned().unwrap_or_default()
    }

    /// As answers, for [`super::form::check_answers`] to check.
    ///
    /// # Errors
    /// On `answers`, when that is no JSON object.
    pub fn read(&self) -> Result<Map<String, Value>, FieldErrors> {
        match &self.object {
            Some(text) if text.trim().is_empty() => Ok(Map::new()),
            Some(text) => serde_json::from_str(text)
                .map_err(|e| FieldErrors::one("answers", format!("must be a JSON object, such as {{\"pain\": 3}}; {e}"))),
            None => Ok(self.fields.iter().map(|(key, text)| (key.clone(), Value::from(text.as_str()))).collect()),
        }
    }
}

/// An answer as people read it and as its field holds it.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::form::{check_answers, parse_questions};
    use serde_json::json;

    #[test]
    fn what_was_saved_comes_back_the_same_from_its_fields() {
        let questions = parse_questions(
            "n | N | number\nb | B | yes_no\nd | D | date\nt | T | text\nc | C | choice: x, y",
            &mut FieldErrors::default(),
        );
        let saved = json!({"n": 7.5, "b": false, "d": "2026-01-31", "t": "a\nb", "c": "y"});
        let saved = saved.as_object().expect("an object");
        let draft = AnswersDraft::of(&questions, saved);
        let posted: Vec<(String, String)> = draft.fields.iter().map(|(k, v)| (format!("answers.{k}"), v.clone())).collect();
        let again = AnswersDraft::from_fields(posted.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        assert_eq!(check_answers(&questions, &again.read().expect("readable"), true).as_ref(), Ok(saved));
    }

    #[test]
    fn a_form_without_questions_keeps_any_object() {
        let saved = json!({"a": {"b": [1, null]}});
        let draft = AnswersDraft::of(&[], saved.as_object().expect("an object"));
        assert_eq!(draft.read().map(Value::Object), Ok(saved));
        let wrong = AnswersDraft { object: Some("[1]".into()), ..AnswersDraft::default() };
        assert_eq!(wrong.read().expect_err("a list").0[0].field, "answers");
    }
}
