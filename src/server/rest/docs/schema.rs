//! JSON Schemas of the document as readable trees and examples.

use super::html::{escape, prose};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// How deep a tree or an example goes; ours are far flatter.
const DEPTH: usize = 8;

/// The schema that a reference stands for, or the schema itself.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|r| document.pointer(r.trim_start_matches('#')));
    target.unwrap_or(schema)
}

/// The one schema of those that a nullable one lists beside null, and whether it is nullable.
fn not_null<'a>(document: &'a Value, schema: &'a Value) -> (&'a Value, bool) {
    let schema = resolve(document, schema);
    let nullable_type = schema["type"].as_array().is_some_and(|t| t.iter().any(|t| t == "null"));
    let others: Vec<&Value> = schema["oneOf"].as_array().into_iter().flatten().filter(|s| s["type"] != "null").collect();
    match others[..] {
        [one] => (resolve(document, one), true),
        _ => (schema, nullable_type),
    }
}

/// The type in words: `string`, `array of integer`, `object or null`.
pub fn name_of(document: &Value, schema: &Value) -> String {
    let (schema, nullable) = not_null(document, schema);
    let mut name = match schema["type"].as_array() {
        Some(types) => types.iter().filter_map(Value::as_str).find(|t| *t != "null").unwrap_or_default().to_owned(),
        None => schema["type"].as_str().unwrap_or_default().to_owned(),
    };
    if name == "array" {
        name = format!("array of {}", name_of(document, &schema["items"]));
    } else if let Some(all) = schema["enum"].as_array() {
        let all: Vec<String> = all.iter().filter_map(Value::as_str).map(|v| format!("<code>{}</code>", escape(v))).collect();
        name = all.join(" | ");
    } else if let Some(all) = schema["oneOf"].as_array() {
        // Variants with a description of their own: an enumeration, or a choice of types.
        let all: Vec<String> = all.iter().map(|s| name_of(document, s)).collect();
        name = all.join(" | ");
    } else if name.is_empty() {
        name = if schema["allOf"].is_array() { "object".to_owned() } else { "any".to_owned() };
    }
    if nullable { format!("{name} or null") } else { name }
}

/// The members of an object schema, those of its parts (`allOf`) too: name, schema, whether it is needed.
fn members<'a>(document: &'a Value, schema: &'a Value) -> Vec<(&'a str, &'a Value, bool)> {
    let schema = resolve(document, schema);
    let mut all: Vec<_> = schema["allOf"].as_array().into_iter().flatten().flat_map(|part| members(document, part)).collect();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let needed = schema["required"].as_array().is_some_and(|r| r.iter().any(|r| r == name));
        all.push((name, member, needed));
    }
    all
}

/// Writes the members of a schema as nested lists.
pub fn tree(out: &mut String, document: &Value, schema: &Value) {
    let (schema, _) = not_null(document, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let _ = write!(out, "<p>{}</p>", name_of(document, schema));
        if let Some(first) = choices.first() {
            branch(out, document, first, 0);
        }
    } else if schema["type"] == "array" {
        let _ = write!(out, "<p>{}, each:</p>", name_of(document, schema));
        branch(out, document, &schema["items"], 0);
    } else {
        branch(out, document, schema, 0);
    }
}

fn branch(out: &mut String, document: &Value, schema: &Value, depth: usize) {
    let (schema, _) = not_null(document, schema);
    let all = members(document, schema);
    if all.is_empty() || depth > DEPTH {
        return;
    }
    out.push_str("<ul class=\"api-tree\">");
    for (name, member, needed) in all {
        let (inner, _) = not_null(document, member);
        // A nullable reference has its description beside the reference, and that of what it refers to says less.
        let beside = member["oneOf"].as_array().into_iter().flatten().find_map(|s| s["description"].as_str());
        let about = member["description"].as_str().or(beside).or_else(|| inner["description"].as_str()).unwrap_or_default();
        let needed = if needed { " <small>needed</small>" } else { "" };
        let _ = write!(
            out,
            "<li><code>{}</code> <span class=\"api-type\">{}</span>{needed}{}",
            escape(name),
            name_of(document, member),
            prose(about)
        );
        let nested = if inner["type"] == "array" { &inner["items"] } else { inner };
        branch(out, document, nested, depth + 1);
        out.push_str("</li>");
    }
    out.push_str("</ul>\n");
}

/// The example of a body: its own, or one made of its schema.
pub fn example(document: &Value, media: &Value) -> Value {
    match media.get("example") {
        Some(example) => example.clone(),
        None => example_of(document, &media["schema"], 0),
    }
}

/// An example of a schema, made of the examples of its parts.
pub fn example_of(document: &Value, schema: &Value, depth: usize) -> Value {
    let given = |s: &Value| s.get("example").or_else(|| s["examples"].get(0)).or_else(|| s["enum"].get(0)).cloned();
    let (inner, nullable) = not_null(document, schema);
    if let Some(example) = given(schema).or_else(|| given(inner)) {
        return example;
    }
    if depth > DEPTH {
        return Value::Null;
    }
    if let Some(first) = inner["oneOf"].get(0) {
        return example_of(document, first, depth + 1);
    }
    let all = members(document, inner);
    if !all.is_empty() {
        let made = all.into_iter().map(|(name, member, _)| (name.to_owned(), example_of(document, member, depth + 1)));
        return Value::Object(made.collect::<Map<_, _>>());
    }
    let kind = match &inner["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).find(|t| *t != "null").unwrap_or_default(),
        one => one.as_str().unwrap_or_default(),
    };
    match kind {
        "array" => Value::Array(vec![example_of(document, &inner["items"], depth + 1)]),
        // Nothing better is known of it than that it may be missing.
        _ if nullable => Value::Null,
        "string" => "text".into(),
        "integer" => 1.into(),
        "number" => 12.5.into(),
        "boolean" => false.into(),
        _ => Value::Object(Map::new()),
    }
}
