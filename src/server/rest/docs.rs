//! `/api/docs`: the OpenAPI document as a page. Built once on the server; no script, nothing from elsewhere.

mod html;
mod schema;

use super::problem::KINDS;
use html::{escape, prose};
use serde_json::Value;
use std::fmt::Write as _;

/// The methods in the order in which a path's operations are shown.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// One operation of the document.
struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    is: &'a Value,
}

impl Operation<'_> {
    fn text(&self, member: &str) -> &str {
        self.is[member].as_str().unwrap_or_default()
    }

    fn anchor(&self) -> String {
        format!("op-{}", self.text("operationId"))
    }
}

/// The page. `stylesheet` is the address of the stylesheet that it links.
pub fn page(document: &Value, stylesheet: &str) -> String {
    let operations = operations(document);
    let mut out = String::new();
    let info = &document["info"];
    let title = escape(info["title"].as_str().unwrap_or_default());
    let _ = writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<link rel=\"stylesheet\" href=\"{}\">\n</head>\n<body class=\"api-docs\">",
        escape(stylesheet)
    );
    let _ = writeln!(
        out,
        "<header class=\"api-head\"><h1>{title} <small>{}</small></h1>{}\
         <p>The same as OpenAPI {}: <a href=\"/api/openapi.json\">openapi.json</a></p></header>",
        escape(info["version"].as_str().unwrap_or_default()),
        prose(info["description"].as_str().unwrap_or_default()),
        escape(document["openapi"].as_str().unwrap_or_default()),
    );
    let tags: Vec<&Value> = document["tags"].as_array().into_iter().flatten().collect();
    out.push_str(&contents(&tags, &operations));
    out.push_str("<main>\n");
    for tag in &tags {
        let name = tag["name"].as_str().unwrap_or_default();
        let _ = writeln!(
            out,
            "<section class=\"api-tag\"><h2 id=\"{}\">{}</h2>{}",
            slug(name),
            escape(name),
            prose(tag["description"].as_str().unwrap_or_default())
        );
        for operation in operations.iter().filter(|o| is_tagged(o, name)) {
            article(&mut out, document, operation);
        }
        out.push_str("</section>\n");
    }
    problems(&mut out);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(is) = item.get(method) {
                all.push(Operation { method, path, is });
            }
        }
    }
    all
}

fn is_tagged(operation: &Operation<'_>, tag: &str) -> bool {
    operation.is["tags"].as_array().is_some_and(|tags| tags.iter().any(|t| t == tag))
}

fn slug(name: &str) -> String {
    format!("tag-{}", name.to_lowercase().replace(' ', "-"))
}

fn contents(tags: &[&Value], operations: &[Operation<'_>]) -> String {
    let mut out = String::from("<nav class=\"api-nav\" aria-label=\"Operations\"><ul>\n");
    for tag in tags {
        let name = tag["name"].as_str().unwrap_or_default();
        let _ = write!(out, "<li><a href=\"#{}\">{}</a><ul>", slug(name), escape(name));
        for operation in operations.iter().filter(|o| is_tagged(o, name)) {
            let _ = write!(out, "<li><a href=\"#{}\">{}</a></li>", operation.anchor(), escape(operation.text("summary")));
        }
        out.push_str("</ul></li>\n");
    }
    out.push_str("<li><a href=\"#problems\">Problems</a></li>\n</ul></nav>\n");
    out
}

fn article(out: &mut String, document: &Value, operation: &Operation<'_>) {
    let _ = writeln!(
        out,
        "<article class=\"api-op\" id=\"{}\"><h3>{}</h3><p class=\"api-path\"><span class=\"api-method\" data-method=\"{m}\">{M}</span> \
         <code>{}</code></p>{}",
        operation.anchor(),
        escape(operation.text("summary")),
        breakable(operation.path),
        prose(operation.text("description")),
        m = operation.method,
        M = operation.method.to_uppercase(),
    );
    parameters(out, document, &operation.is["parameters"]);
    let request = &operation.is["requestBody"];
    if request.is_object() {
        let optional = if request["required"] == Value::Bool(true) { "" } else { " <small>may be left out</small>" };
        let _ = writeln!(out, "<h4>Request body{optional}</h4>");
        media(out, document, &request["content"]);
    }
    let _ = writeln!(
        out,
        "<h4>Example</h4><pre class=\"api-example\" tabindex=\"0\"><code>{}</code></pre>",
        escape(&curl(document, operation))
    );
    out.push_str("<h4>Answers</h4>\n");
    let mut errors = Vec::new();
    for (status, answer) in operation.is["responses"].as_object().into_iter().flatten() {
        if status.starts_with('2') {
            let text = prose(answer["description"].as_str().unwrap_or_default());
            let _ = write!(out, "<div class=\"api-answer\"><p class=\"api-status\">{}</p>{text}", escape(status));
            media(out, document, &answer["content"]);
            out.push_str("</div>\n");
        } else {
            errors.push(status.as_str());
        }
    }
    out.push_str("<p class=\"api-errors\">Problems: ");
    for kind in KINDS.iter().filter(|k| errors.contains(&k.status.to_string().as_str())) {
        let _ = write!(out, "<a href=\"#problem-{}\">{} {}</a> ", kind.name, kind.status, kind.name);
    }
    out.push_str("</p></article>\n");
}

/// A path that may be broken after each slash.
fn breakable(path: &str) -> String {
    escape(path).replace('/', "/<wbr>")
}

fn parameters(out: &mut String, document: &Value, parameters: &Value) {
    let Some(all) = parameters.as_array().filter(|all| !all.is_empty()) else { return };
    out.push_str(
        "<h4>Parameters</h4><div class=\"api-scroll\" tabindex=\"0\"><table><thead><tr><th>Name</th><th>In</th><th>Type</th><th>Meaning</th></tr></thead><tbody>\n",
    );
    for p in all {
        let needed = if p["required"] == Value::Bool(true) { " <small>needed</small>" } else { "" };
        let _ = writeln!(
            out,
            "<tr><td><code>{}</code>{needed}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(p["name"].as_str().unwrap_or_default()),
            escape(p["in"].as_str().unwrap_or_default()),
            schema::name_of(document, &p["schema"]),
            prose(p["description"].as_str().unwrap_or_default()),
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn media(out: &mut String, document: &Value, content: &Value) {
    for (kind, is) in content.as_object().into_iter().flatten() {
        let _ = writeln!(out, "<details class=\"api-schema\"><summary><code>{}</code></summary>", escape(kind));
        schema::tree(out, document, &is["schema"]);
        let example = schema::example(document, is);
        let _ = writeln!(out, "<pre class=\"api-example\" tabindex=\"0\"><code>{}</code></pre></details>", escape(&pretty(&example)));
    }
}

/// An example as people read it: text as it is, the rest as JSON.
fn pretty(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => serde_json::to_string_pretty(value).unwrap_or_default(),
    }
}

/// The operation as a command line.
fn curl(document: &Value, operation: &Operation<'_>) -> String {
    let mut path = operation.path.to_owned();
    for p in operation.is["parameters"].as_array().into_iter().flatten().filter(|p| p["in"] == "path") {
        let example = schema::example_of(document, &p["schema"], 0);
        path = path.replace(&format!("{{{}}}", p["name"].as_str().unwrap_or_default()), example.as_str().unwrap_or_default());
    }
    let mut text = String::from("curl");
    if operation.method != "get" {
        let _ = write!(text, " -X {}", operation.method.to_uppercase());
    }
    let _ = write!(text, " \"$HOOKWELL{path}\" \\\n  -H \"Authorization: Bearer $HOOKWELL_KEY\"");
    let content = operation.is["requestBody"]["content"].as_object();
    if let Some((kind, is)) = content.into_iter().flatten().next().filter(|_| operation.method != "delete") {
        let body = pretty(&schema::example(document, is)).replace('\'', "'\\''");
        // What is not JSON has lines that `-d` would join.
        let flag = if kind.contains("json") { "-d" } else { "--data-binary" };
        let _ = write!(text, " \\\n  -H 'Content-Type: {kind}' \\\n  {flag} '{body}'");
    }
    text
}

fn problems(out: &mut String) {
    out.push_str("<section class=\"api-tag\"><h2 id=\"problems\">Problems</h2><p>Every error is one of these. <code>type</code> is the address of its entry here.</p><dl class=\"api-problems\">\n");
    for kind in KINDS {
        let _ = writeln!(
            out,
            "<dt id=\"problem-{}\"><code>{}</code> {} {}</dt><dd>{}</dd>",
            kind.name,
            kind.name,
            kind.status,
            escape(kind.title),
            prose(kind.about)
        );
    }
    out.push_str("</dl></section>\n");
}

/// The event that the page shows as an example.
#[cfg(test)]
pub(super) fn event_example(document: &Value) -> Value {
    schema::example(document, &document["paths"]["/api/v1/events"]["post"]["requestBody"]["content"]["application/json"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_every_operation_and_problem_and_nothing_from_elsewhere() {
        let document = serde_json::to_value(super::super::openapi()).expect("JSON");
        let page = page(&document, "/x.css?a&b");
        assert!(page.contains(r#"href="/x.css?a&amp;b""#));
        for operation in operations(&document) {
            assert!(page.contains(&format!("id=\"{}\"", operation.anchor())), "{} {}", operation.method, operation.path);
        }
        for kind in KINDS {
            assert!(page.contains(&format!("id=\"problem-{}\"", kind.name)), "{}", kind.name);
        }
        for never in ["<script", "style=", "src=", "<null", "#/components"] {
            assert!(!page.contains(never), "{never}");
        }
        let parsed = scraper::Html::parse_document(&page);
        assert_eq!(parsed.errors, Vec::<std::borrow::Cow<'static, str>>::new());
        // Each link within the page leads somewhere.
        let links = scraper::Selector::parse("a[href^='#']").expect("selector");
        for link in parsed.select(&links).filter_map(|a| a.attr("href")) {
            let target = scraper::Selector::parse(&format!("[id='{}']", &link[1..])).expect("selector");
            assert_eq!(parsed.select(&target).count(), 1, "{link}");
        }
    }
}
