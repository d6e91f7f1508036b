//! Text into HTML.

use std::fmt::Write as _;

/// The text with what HTML would take for markup escaped; right in elements and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// What our descriptions use of Markdown: paragraphs, lists of `- `, `code` and *emphasis*.
pub fn prose(text: &str) -> String {
    let mut out = String::new();
    for block in text.split("\n\n").filter(|b| !b.trim().is_empty()) {
        if block.starts_with("- ") {
            out.push_str("<ul>");
            for item in block.split("\n- ") {
                let _ = write!(out, "<li>{}</li>", inline(item.trim_start_matches("- ")));
            }
            out.push_str("</ul>");
        } else {
            let _ = write!(out, "<p>{}</p>", inline(block));
        }
    }
    out
}

fn inline(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            let _ = write!(out, "<code>{}</code>", escape(part));
        } else {
            for (index, part) in part.split('*').enumerate() {
                let part = escape(part);
                out.push_str(&if index % 2 == 1 { format!("<em>{part}</em>") } else { part });
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_marked_up_and_escaped() {
        assert_eq!(prose("a `<b>` *c*\n\n- d\n- e & f"), "<p>a <code>&lt;b&gt;</code> <em>c</em></p><ul><li>d</li><li>e &amp; f</li></ul>");
    }
}
