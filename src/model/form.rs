//! Forms and surveys: questions in numbered versions.

use super::id::{FormId, StudyId};
use super::problem::FieldErrors;
use super::site::check_name;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Questions of one form at most.
pub const QUESTIONS_MAX: usize = 200;

/// Which of the two it is: they differ in the events that they set off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum FormKind {
    /// Filled in at the study: `form.completed`, and records.
    Form,
    /// Answered by participants: `survey.created`, `survey.completed`.
    Survey,
}

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum QuestionKind {
    /// Text of at most 4,000 characters.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    YesNo,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// One of the question's choices.
    Choice,
}

text_enum!(FormKind { Form = "form" / "Form", Survey = "survey" / "Survey" });
text_enum!(QuestionKind {
    Text = "text" / "Text",
    Number = "number" / "Number",
    YesNo = "yes_no" / "Yes or no",
    Date = "date" / "Date",
    Choice = "choice" / "Choice",
});

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Question {
    /// Its name in answers: 1–50 of `a–z`, `A–Z`, `0–9`, `_`, `-`; unique in the form.
    pub key: String,
    /// As people read it, 1–500 characters.
    pub label: String,
    /// What an answer is.
    pub kind: QuestionKind,
    /// Whether a response is not complete without it.
    #[serde(default)]
    pub required: bool,
    /// The choices of a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

/// A form or survey at its present version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Its id.
    pub id: FormId,
    /// Its study.
    pub study_id: StudyId,
    /// Form or survey.
    pub kind: FormKind,
    /// 1–200 characters, unique in the study.
    pub name: String,
    /// From 1. A change of name or questions makes the next one; responses keep the one that they were begun with.
    pub version: i64,
    /// Its questions. None: any object is taken as answers.
    pub questions: Vec<Question>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its present version was made.
    pub updated_at: Timestamp,
    /// When it was archived: no new responses.
    pub archived_at: Option<Timestamp>,
}

/// A form as typed or sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FormDraft {
    /// A [`FormKind`].
    pub kind: String,
    /// See [`Form::name`].
    pub name: String,
    /// One question a line, as [`parse_questions`] reads it.
    pub questions: String,
}

/// A form, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedForm {
    /// Form or survey.
    pub kind: FormKind,
    /// See [`Form::name`].
    pub name: String,
    /// See [`Form::questions`].
    pub questions: Vec<Question>,
}

impl CheckedForm {
    /// Checks a form whose questions are read already, such as from JSON.
    ///
    /// # Errors
    /// Each wrong field.
    pub fn new(kind: FormKind, name: &str, questions: Vec<Question>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = check_name("name", name, &mut errors);
        check_questions(&questions, &mut errors);
        errors.into_result(|| Self { kind, name, questions })
    }
}

impl FormDraft {
    /// A draft of an existing form.
    pub fn of(form: &Form) -> Self {
        Self { kind: form.kind.as_str().to_owned(), name: form.name.clone(), questions: write_questions(&form.questions) }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// Each wrong one.
    pub fn check(&self) -> Result<CheckedForm, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = check_name("name", &self.name, &mut errors);
        let kind = FormKind::parse(&self.kind).unwrap_or_else(|| {
            errors.add("kind", "must be form or survey");
            FormKind::Form
        });
        let questions = parse_questions(&self.questions, &mut errors);
        check_questions(&questions, &mut errors);
        errors.into_result(|| CheckedForm { kind, name, questions })
    }
}

/// Reads questions, one a line: `key | label | kind | required`, a choice's kind as `choice: one, two`. The last part may be left out.
pub fn parse_questions(text: &str, errors: &mut FieldErrors) -> Vec<Question> {
    let mut questions = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let read = match parts.as_slice() {
            [key, label, kind] => Some((*key, *label, *kind, false)),
            [key, label, kind, "required"] => Some((*key, *label, *kind, true)),
            [key, label, kind, "" | "optional"] => Some((*key, *label, *kind, false)),
            _ => None,
        };
        let Some((key, label, kind, required)) = read else {
            errors.add("questions", format!("line {}: write it as key | label | kind | required", index + 1));
            continue;
        };
        let (kind, choices) = kind.split_once(':').map_or((kind, ""), |(kind, choices)| (kind.trim(), choices));
        let Some(kind) = QuestionKind::parse(kind) else {
            let kinds = QuestionKind::ALL.iter().map(|k| k.as_str()).collect::<Vec<_>>().join(", ");
            errors.add("questions", format!("line {}: the kind must be one of {kinds}", index + 1));
            continue;
        };
        let choices = choices.split(',').map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect();
        questions.push(Question { key: key.to_owned(), label: label.to_owned(), kind, required, choices });
    }
    questions
}

/// Writes what [`parse_questions`] reads.
pub fn write_questions(questions: &[Question]) -> String {
    let line = |q: &Question| {
        let choices = if q.choices.is_empty() { String::new() } else { format!(": {}", q.choices.join(", ")) };
        format!("{} | {} | {}{choices}{}", q.key, q.label, q.kind.as_str(), if q.required { " | required" } else { "" })
    };
    questions.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The rules of a list of questions, on the field `questions`.
pub fn check_questions(questions: &[Question], errors: &mut FieldErrors) {
    if questions.len() > QUESTIONS_MAX {
        errors.add("questions", format!("has {} questions; at most {QUESTIONS_MAX} are possible", questions.len()));
    }
    for (index, q) in questions.iter().enumerate() {
        let mut wrong = |what: &str| errors.add("questions", format!("question {}: {what}", index + 1));
        let key_ok = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if q.key.is_empty() || q.key.len() > 50 || !q.key.bytes().all(key_ok) {
            wrong("the key must be 1–50 letters, digits, _ or -");
        }
        if questions.iter().take(index).any(|other| other.key == q.key) {
            wrong("its key is another's already");
        }
        if q.label.trim().is_empty() || q.label.chars().count() > 500 || q.label.contains(['|', '\n', '\r']) {
            wrong("the label must be 1–500 characters on one line, without |");
        }
        let choices_ok = q.choices.iter().all(|c| !c.trim().is_empty() && c.chars().count() <= 200 && !c.contains([',', '|', '\n']));
        if (q.kind == QuestionKind::Choice) == q.choices.is_empty() || !choices_ok || q.choices.len() > 50 {
            wrong("a choice, and nothing else, has 1–50 choices, separated by commas");
        }
    }
}

/// Checks answers against a form's questions and brings what a page sent as text into its type. `complete` asks for all that is required.
///
/// # Errors
/// On `answers.<key>`.
pub fn check_answers(questions: &[Question], answers: &Map<String, Value>, complete: bool) -> Result<Map<String, Value>, FieldErrors> {
    let mut errors = FieldErrors::default();
    if questions.is_empty() {
        return Ok(answers.clone());
    }
    let mut checked = Map::new();
    for (key, value) in answers {
        let Some(q) = questions.iter().find(|q| q.key == *key) else {
            errors.add(format!("answers.{key}"), "is no question of this version");
            continue;
        };
        // An empty field of a page is no answer.
        if value.is_null() || value.as_str().is_some_and(|t| t.trim().is_empty()) {
            continue;
        }
        match answer_of(q, value) {
            Some(value) => {
                checked.insert(key.clone(), value);
            }
            None => errors.add(format!("answers.{key}"), wanted(q)),
        }
    }
    if complete {
        for q in questions.iter().filter(|q| q.required && !checked.contains_key(&q.key)) {
            let field = format!("answers.{}", q.key);
            if errors.of(&field).is_none() {
                errors.add(field, "is required before it can be completed");
            }
        }
    }
    errors.into_result(|| checked)
}

fn answer_of(q: &Question, value: &Value) -> Option<Value> {
    let text = value.as_str().map(str::trim);
    match q.kind {
        QuestionKind::Text => text.filter(|t| t.chars().count() <= 4000).map(|t| Value::from(t.replace("\r\n", "\n"))),
        QuestionKind::Number => match text {
            Some(text) => text.parse::<serde_json::Number>().ok().map(Value::Number),
            None => value.is_number().then(|| value.clone()),
        },
        QuestionKind::YesNo => match text {
            Some("true" | "yes") => Some(Value::Bool(true)),
            Some("false" | "no") => Some(Value::Bool(false)),
            Some(_) => None,
            None => value.is_boolean().then(|| value.clone()),
        },
        QuestionKind::Date => text.filter(|t| t.len() == 10 && t.parse::<jiff::civil::Date>().is_ok()).map(Value::from),
        QuestionKind::Choice => text.filter(|t| q.choices.iter().any(|c| c == t)).map(Value::from),
    }
}

fn wanted(q: &Question) -> String {
    match q.kind {
        QuestionKind::Text => "must be text of at most 4,000 characters".to_owned(),
        QuestionKind::Number => "must be a number".to_owned(),
        QuestionKind::YesNo => "must be yes or no".to_owned(),
        QuestionKind::Date => "must be a day, such as 2026-11-21".to_owned(),
        QuestionKind::Choice => format!("must be one of {}", q.choices.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TEXT: &str =
        "pain | How strong is the pain? | number | required\nwhen | Since when? | date\nside | Which side? | choice: left, right";

    #[test]
    fn questions_read_back_as_written() {
        let mut errors = FieldErrors::default();
        let questions = parse_questions(TEXT, &mut errors);
        check_questions(&questions, &mut errors);
        assert_eq!(errors, FieldErrors::default());
        assert_eq!(write_questions(&questions), TEXT);
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (text, wanted) in [
            ("a", "line 1: write it"),
            ("a | b | colour", "line 1: the kind"),
            ("a b | l | text", "question 1: the key"),
            ("a | l | text\na | l | text", "question 2: its key"),
            ("a | l | choice", "question 1: a choice"),
            ("a | l | text: x", "question 1: a choice"),
        ] {
            let draft = FormDraft { kind: "form".into(), name: "F".into(), questions: text.into() };
            let errors = draft.check().expect_err(text);
            assert!(errors.0[0].message.starts_with(wanted), "{text}: {errors:?}");
        }
    }

    #[test]
    fn answers_are_brought_into_their_type_or_refused() {
        let questions = parse_questions(TEXT, &mut FieldErrors::default());
        let check =
            |answers: Value, complete| check_answers(&questions, answers.as_object().expect("an object"), complete).map(Value::Object);
        assert_eq!(
            check(json!({"pain": "7", "when": "2026-01-31", "side": "left"}), true),
            Ok(json!({"pain": 7, "when": "2026-01-31", "side": "left"}))
        );
        assert_eq!(check(json!({"pain": ""}), false), Ok(json!({})));
        let fields = |r: Result<Value, FieldErrors>| r.expect_err("wrong").0.into_iter().map(|e| e.field).collect::<Vec<_>>();
        assert_eq!(fields(check(json!({"side": "left"}), true)), ["answers.pain"]);
        let mut wrong = fields(check(json!({"pain": "much", "when": "2026-02-30", "side": "up", "x": 1}), false));
        wrong.sort();
        assert_eq!(wrong, ["answers.pain", "answers.side", "answers.when", "answers.x"]);
    }
}
