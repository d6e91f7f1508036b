//! Renders the style guide and holds it to what a browser's checker cannot see.
#![cfg(feature = "ssr")]

use super::{PAGES, Styleguide};
use crate::ui::IconsUrl;
use leptos::prelude::*;
use leptos::reactive::owner::Owner;
use scraper::{Html, Selector};
use std::collections::HashSet;

fn render(page: &str) -> String {
    let owner = Owner::new();
    let page = page.to_owned();
    owner.with(|| {
        provide_context(IconsUrl("icons.svg".to_owned()));
        view! { <Styleguide page=page /> }.to_html()
    })
}

/// To look at it: `STYLEGUIDE_DIR=target/styleguide cargo test --lib gallery`, then serve that folder.
fn write_if_asked(page: &str, html: &str) {
    let Ok(dir) = std::env::var("STYLEGUIDE_DIR") else { return };
    let document = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{page}</title><link rel=\"stylesheet\" href=\"style.css\"></head><body>{html}</body></html>"
    );
    std::fs::create_dir_all(&dir).expect("folder");
    std::fs::write(format!("{dir}/{page}.html"), document).expect("written");
}

fn select<'a>(document: &'a Html, css: &str) -> Vec<scraper::ElementRef<'a>> {
    document.select(&Selector::parse(css).expect(css)).collect()
}

#[test]
fn every_page_keeps_the_rules() {
    for (page, _) in PAGES {
        let html = render(page);
        write_if_asked(page, &html);
        let document = Html::parse_document(&html);

        let mut ids = HashSet::new();
        for element in select(&document, "[id]") {
            let id = element.attr("id").unwrap_or_default();
            assert!(ids.insert(id.to_owned()), "{page}: id {id} twice");
        }
        for (attribute, css) in
            [("aria-describedby", "[aria-describedby]"), ("for", "label[for]"), ("aria-labelledby", "[aria-labelledby]")]
        {
            for element in select(&document, css) {
                for id in element.attr(attribute).unwrap_or_default().split(' ') {
                    assert!(ids.contains(id), "{page}: {attribute}={id} leads nowhere");
                }
            }
        }
        for link in select(&document, ".error-summary a, .skip-link") {
            let target = link.attr("href").unwrap_or_default().trim_start_matches('#').to_owned();
            assert!(ids.contains(&target), "{page}: #{target} leads nowhere");
        }
        for control in select(&document, "input:not([type=hidden]), select, textarea") {
            let id = control.attr("id").unwrap_or_default();
            assert!(
                !id.is_empty() && !select(&document, &format!("label[for='{id}']")).is_empty(),
                "{page}: {} without a label",
                control.html()
            );
        }
        for icon in select(&document, "use") {
            let name = icon.attr("href").unwrap_or_default().trim_start_matches("icons.svg#");
            assert!(include_str!("../../../public/icons.svg").contains(&format!("id=\"{name}\"")), "{page}: no icon {name}");
        }
        assert_eq!(select(&document, "h1").len(), 1, "{page}: one h1");
        assert_eq!(select(&document, "main").len(), 1, "{page}: one main");
        assert!(select(&document, "[style], style, script").is_empty(), "{page}: the content security policy refuses inline styles");
        assert!(select(&document, "table > tr").is_empty(), "{page}: rows belong into a tbody");
    }
}

#[test]
fn a_field_in_error_says_so_to_everybody() {
    let document = Html::parse_document(&render("edit"));
    let url = select(&document, "#f-url")[0];
    assert_eq!(url.attr("aria-invalid"), Some("true"));
    assert_eq!(url.attr("aria-describedby"), Some("f-url-error f-url-hint"));
    assert_eq!(select(&document, "#f-name")[0].attr("aria-invalid"), None);
    let summary = select(&document, ".error-summary")[0];
    assert_eq!((summary.attr("role"), summary.attr("tabindex")), (Some("alert"), Some("-1")));
    assert!(summary.attr("autofocus").is_some());
    let forms = select(&document, "#f-forms")[0];
    assert_eq!(forms.text().collect::<String>(), "ae-report\ncon-meds");
    let checked = select(&document, "[name=events][checked]");
    assert_eq!(checked.len(), 2);
}

#[test]
fn an_auditor_is_not_offered_what_is_not_theirs() {
    let studies = super::sample::studies();
    let owner = Owner::new();
    let html = owner.with(|| view! { <crate::ui::ConsoleFrame user="Ada" study=studies[2].clone()>""</crate::ui::ConsoleFrame> }.to_html());
    assert!(html.contains("Integrations") && !html.contains("API keys"));
    let html = owner.with(|| view! { <crate::ui::ConsoleFrame user="Ada" study=studies[0].clone()>""</crate::ui::ConsoleFrame> }.to_html());
    assert!(html.contains("API keys"));
}

/// The colours of `20-tokens.css`: name, light, dark.
fn tokens() -> Vec<(String, [f64; 2])> {
    let luminance = |hex: &str| {
        let part = |at: usize| {
            let c = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    };
    include_str!("../../../style/20-tokens.css")
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.trim().strip_prefix("--")?.split_once(": light-dark(#")?;
            let (light, dark) = rest.trim_end_matches(");").split_once(", ")?;
            Some((name.to_owned(), [luminance(&format!("#{light}")), luminance(dark)]))
        })
        .collect()
}

/// WCAG 2.2, 1.4.3 and 1.4.11, in both themes.
#[test]
fn colours_have_contrast() {
    let tokens = tokens();
    let of = |name: &str| tokens.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no colour {name}")).1;
    let check = |front: &str, back: &str, least: f64| {
        for (theme, (f, b)) in ["light", "dark"].iter().zip(of(front).into_iter().zip(of(back))) {
            let ratio = (f.max(b) + 0.05) / (f.min(b) + 0.05);
            assert!(ratio >= least, "{theme}: {front} on {back} is {ratio:.2}, must be {least}");
        }
    };
    for back in ["ground", "surface", "sunken", "raised"] {
        for front in ["text", "text-soft", "link", "success", "warning", "danger", "info", "neutral"] {
            check(front, back, 4.5);
        }
        for front in ["line-control", "focus", "accent", "success-mark", "warning-mark", "danger-mark", "info-mark", "neutral-mark"] {
            check(front, back, 3.0);
        }
    }
    for tone in ["success", "warning", "danger", "info", "neutral"] {
        for front in [tone, "text", "text-soft", "link"] {
            check(front, &format!("{tone}-soft"), 4.5);
        }
    }
    for back in ["accent", "accent-strong", "danger-fill", "danger-fill-strong"] {
        check("on-accent", back, 4.5);
    }
    check("on-accent-soft", "accent-soft", 4.5);
}
