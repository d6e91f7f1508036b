//! From page to page of a long history.

use super::Icon;
use leptos::prelude::*;

/// A path with parameters; those that are empty are left out.
pub fn address(path: &str, query: &[(String, String)]) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
        pairs.append_pair(name, value);
    }
    let query = pairs.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// "Newest" and "Older", keeping the filters. Nothing when one page is all.
#[component]
pub fn Pager(
    /// The page's path.
    #[prop(into)]
    path: String,
    /// Its filters, without the cursor.
    #[prop(optional)]
    query: Vec<(String, String)>,
    /// The cursor of this page; empty on the first.
    #[prop(optional, into)]
    cursor: String,
    /// The cursor of the next page, from [`crate::model::page::Page::next`].
    next: Option<String>,
) -> impl IntoView {
    let first = cursor.is_empty();
    (!first || next.is_some()).then(|| {
        let newest = (!first).then(|| {
            view! {
                <a class="button" href=address(&path, &query)>
                    <Icon name="chevrons-left" />
                    "Newest"
                </a>
            }
        });
        let older = match next {
            Some(next) => {
                let mut query = query.clone();
                query.push(("cursor".to_owned(), next));
                view! {
                    <a class="button" rel="next" href=address(&path, &query)>
                        "Older"
                        <Icon name="chevron-right" />
                    </a>
                }
                .into_any()
            }
            None => view! { <span class="muted">"That was all."</span> }.into_any(),
        };
        view! {
            <nav class="pager" aria-label="Pages">
                {newest}
                {older}
            </nav>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_what_is_set() {
        let query = [("state".to_owned(), String::new()), ("q".to_owned(), "a b&c".to_owned())];
        assert_eq!(address("/x", &query), "/x?q=a+b%26c");
        assert_eq!(address("/x", &[]), "/x");
    }
}
