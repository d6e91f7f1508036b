//! Small things that several components share.

/// A text that may be missing. Takes whatever is at hand: `"…"`, a `String`, an `Option` of either.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MaybeText(pub Option<String>);

impl From<&str> for MaybeText {
    fn from(text: &str) -> Self {
        Self((!text.is_empty()).then(|| text.to_owned()))
    }
}

impl From<String> for MaybeText {
    fn from(text: String) -> Self {
        Self((!text.is_empty()).then_some(text))
    }
}

impl From<Option<&str>> for MaybeText {
    fn from(text: Option<&str>) -> Self {
        text.map(Self::from).unwrap_or_default()
    }
}

impl From<Option<String>> for MaybeText {
    fn from(text: Option<String>) -> Self {
        text.map(Self::from).unwrap_or_default()
    }
}

/// What a colour means. Never the only sign: a word or an icon says it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Neutral,
    /// It worked.
    Success,
    /// It needs attention, or will be tried again.
    Warning,
    /// It failed.
    Danger,
    /// Under way, or worth knowing.
    Info,
}

impl Tone {
    /// The class that colours an element and what is in it.
    pub fn class(self) -> &'static str {
        match self {
            Tone::Neutral => "tone-neutral",
            Tone::Success => "tone-success",
            Tone::Warning => "tone-warning",
            Tone::Danger => "tone-danger",
            Tone::Info => "tone-info",
        }
    }

    /// The icon that says the same without colour.
    pub fn icon(self) -> &'static str {
        match self {
            Tone::Neutral | Tone::Info => "info",
            Tone::Success => "check-circle",
            Tone::Warning => "alert",
            Tone::Danger => "x-circle",
        }
    }
}

/// The text with its first letter in upper case: the model's messages begin in lower case, to follow a field's name.
pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A count with its noun: `1 attempt`, `1,204 attempts`.
pub fn counted(n: i64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// A whole number with its thousands set apart: `1,204`.
pub fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    if n < 0 { format!("-{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(-1_204), "-1,204");
        assert_eq!(counted(1_000_000, "attempt"), "1,000,000 attempts");
        assert_eq!(counted(1, "attempt"), "1 attempt");
        assert_eq!(capitalised("élan"), "Élan");
    }
}
