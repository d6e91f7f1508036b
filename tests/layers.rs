//! Who may import whom. The table is the rule; a path that breaks it is named with its file and line.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

use std::path::{Path, PathBuf};

/// A part of the source, by its module path, and what it may name beside itself. The longest path that fits counts.
const RULES: &[(&str, &[&str])] = &[
    // Both sides of the wire.
    ("model", &[]),
    ("error", &["model"]),
    ("ui", &["model"]),
    ("islands", &["ui", "model", "error"]),
    ("pages", &["ui", "islands", "model", "error"]),
    // The server, from the ground up.
    ("server::clock", &["model"]),
    ("server::secret", &["server::clock"]),
    ("server::credentials", &["model", "server::secret"]),
    ("server::live", &["model"]),
    ("server::store", &["model", "error"]),
    ("server::format", &["model"]),
    ("server::timetable", &["model"]),
    (
        "server::engine",
        &["model", "server::store", "server::format", "server::clock", "server::live", "server::secret", "server::credentials"],
    ),
    ("server::auth", &["model", "error", "server::store", "server::clock", "server::secret"]),
    ("server::config", &["model", "server::auth", "server::secret"]),
    ("server::mail", &["model", "server::config"]),
    (
        "server::state",
        &[
            "error",
            "server::auth",
            "server::clock",
            "server::config",
            "server::engine",
            "server::live",
            "server::mail",
            "server::secret",
            "server::store",
        ],
    ),
    (
        "server::service",
        &[
            "model",
            "error",
            "server::store",
            "server::engine",
            "server::format",
            "server::auth",
            "server::secret",
            "server::credentials",
            "server::clock",
            "server::state",
            "server::timetable",
            "server::mail",
        ],
    ),
    ("server::chores", &["server::service", "server::state", "server::store"]),
    ("server::listen", &["model", "server::clock", "server::engine::signing", "server::secret"]),
    (
        "server::console",
        &[
            "model",
            "error",
            "ui",
            "pages",
            "server::service",
            "server::auth",
            "server::state",
            "server::secret",
            "server::assets",
            "server::security_headers",
        ],
    ),
    (
        "server::rest",
        &[
            "model",
            "error",
            "server::service",
            "server::auth",
            "server::state",
            "server::config",
            "server::assets",
            "server::secret",
            "server::clock",
        ],
    ),
];

fn within(path: &str, part: &str) -> bool {
    path == part || path.strip_prefix(part).is_some_and(|rest| rest.starts_with("::"))
}

fn rule_of(module: &str) -> Option<&'static (&'static str, &'static [&'static str])> {
    RULES.iter().filter(|(part, _)| within(module, part)).max_by_key(|(part, _)| part.len())
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// `server::store::people` of `src/server/store/people.rs`.
fn module_of(file: &Path, src: &Path) -> String {
    let parts: Vec<String> =
        file.strip_prefix(src).unwrap().with_extension("").components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
    parts.join("::").trim_end_matches("::mod").to_owned()
}

/// Without comments and unit tests, line for line.
fn code_of(text: &str) -> Vec<String> {
    let tests = text.lines().position(|l| l.starts_with("#[cfg(") && l.contains("test")).unwrap_or(usize::MAX);
    text.lines().take(tests).map(|l| l.split("//").next().unwrap_or_default().to_owned()).collect()
}

/// The paths that a path's text names, groups spelt out: `a::{b, c::d}` gives `a::b` and `a::c::d`.
fn spell_out(prefix: &str, text: &str, found: &mut Vec<String>) {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        let (mut depth, mut start) = (0, 0);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => return spell_out(prefix, &group[start..at], found),
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    spell_out(prefix, &group[start..at], found);
                    start = at + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    if end == 0 {
        return;
    }
    let path = match (&text[..end], prefix) {
        ("self", _) => prefix.to_owned(),
        ("super", _) => prefix.rsplit_once("::").map_or("", |(parent, _)| parent).to_owned(),
        (name, "") => name.to_owned(),
        (name, _) => format!("{prefix}::{name}"),
    };
    match text[end..].strip_prefix("::") {
        Some(rest) => spell_out(&path, rest, found),
        None => found.push(path),
    }
}

/// Every path into this crate, with its line.
fn paths_of(module: &str, code: &[String]) -> Vec<(usize, String)> {
    let text = code.join("\n");
    let mut found = Vec::new();
    for (at, word) in text.match_indices("crate::").chain(text.match_indices("super::")) {
        if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
        let prefix = if word == "crate::" { "" } else { parent };
        let mut paths = Vec::new();
        spell_out(prefix, &text[at + word.len()..], &mut paths);
        let line = text[..at].matches('\n').count() + 1;
        found.extend(paths.into_iter().map(|path| (line, path)));
    }
    found
}

#[test]
fn nobody_imports_from_above() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&src, &mut all);
    all.sort();
    let (mut broken, mut looked_at) = (Vec::new(), 0);
    for file in all {
        let module = module_of(&file, &src);
        if module.ends_with("::tests") {
            continue;
        }
        let Some((part, allowed)) = rule_of(&module) else { continue };
        let code = code_of(&std::fs::read_to_string(&file).unwrap());
        for (line, path) in paths_of(&module, &code) {
            looked_at += 1;
            let known = ["model", "error", "ui", "islands", "pages", "server"].iter().any(|top| within(&path, top));
            let fine = !known || within(&path, part) || allowed.iter().any(|a| within(&path, a));
            if !fine {
                broken.push(format!("{}:{line}: {part} names {path}", file.strip_prefix(&src).unwrap().display()));
            }
        }
    }
    assert!(looked_at > 100, "{looked_at}");
    assert!(broken.is_empty(), "what a part may name is in RULES of this file:\n{}", broken.join("\n"));
}

#[test]
fn groups_are_spelt_out() {
    let code = ["use crate::{model::{id::A, user::{self, B}}, error};".to_owned(), "fn f() { super::super::x() }".to_owned()];
    let found: Vec<String> = paths_of("server::store::people", &code).into_iter().map(|(_, path)| path).collect();
    assert_eq!(found, ["model::id::A", "model::user", "model::user::B", "error", "server::x"]);
}
