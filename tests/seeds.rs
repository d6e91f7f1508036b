//! `docs/SEEDS.md` lists every requirement of the five documents that the product began with, each with the tests that prove it. A row without a
//! test, or with one that is not there, fails here.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

use std::collections::HashMap;
use std::path::Path;

/// Requirements that the documents hold at least; fewer rows mean that some were lost.
const ROWS_LEAST: usize = 90;

/// A test that a row names: `file::name`. Of a Rust test the function's name, of a browser test its title.
fn exists(root: &Path, reference: &str, files: &mut HashMap<String, String>) -> Result<(), String> {
    let (file, name) = reference.split_once("::").ok_or_else(|| format!("`{reference}` is no file::test"))?;
    let text = files.entry(file.to_owned()).or_insert_with(|| std::fs::read_to_string(root.join(file)).unwrap_or_default());
    if text.is_empty() {
        return Err(format!("`{reference}`: there is no file {file}"));
    }
    let marks = match file.rsplit_once('.') {
        Some((_, "rs")) => vec![format!("fn {name}("), format!("on_both!({name},"), format!("on_both!(\n    {name},")],
        Some((_, "js")) => vec![format!("test('{name}'"), format!("test(\"{name}\"")],
        _ => return Err(format!("`{reference}` is neither Rust nor JavaScript")),
    };
    if marks.iter().any(|mark| text.contains(mark)) { Ok(()) } else { Err(format!("`{reference}`: {file} has no such test")) }
}

#[test]
fn every_requirement_of_the_seeds_has_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("docs/SEEDS.md")).expect("docs/SEEDS.md");
    let mut files = HashMap::new();
    let (mut rows, mut wrong) = (0, Vec::new());
    for line in document.lines().filter(|l| l.starts_with("| ") && !l.starts_with("| Requirement") && !l.starts_with("| ---")) {
        rows += 1;
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [requirement, tests] = cells.as_slice() else {
            wrong.push(format!("not two cells: {line}"));
            continue;
        };
        let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            wrong.push(format!("no test: {requirement}"));
        }
        wrong.extend(named.into_iter().filter_map(|reference| exists(root, reference, &mut files).err()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows >= ROWS_LEAST, "{rows} rows; some were lost");
}
