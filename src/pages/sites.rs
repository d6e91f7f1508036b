//! The sites of a study: the list, adding one, giving one another name.

use super::frame::{Console, Frame, participants_path};
use crate::islands::CopyButton;
use crate::model::problem::FieldErrors;
use crate::model::site::Site;
use crate::model::study::Study;
use crate::model::time::Timestamp;
use crate::ui::{DataTable, EmptyState, ErrorSummary, FormActions, FormErrors, Id, NavKey, PageHead, Panel, TextInput, TimeTag, address};
use leptos::prelude::*;

/// Sites, and a form for another.
#[component]
pub fn SitesPage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The sites.
    sites: Vec<Site>,
    /// The new one's name as typed.
    name: String,
    /// What is wrong with it.
    errors: FieldErrors,
) -> impl IntoView {
    let now = frame.now;
    let list = participants_path(&study);
    let path = format!("{list}/sites");
    let crumbs = vec![("Participants".to_owned(), Some(list.clone())), ("Sites".to_owned(), None)];
    let errors = FormErrors::new(errors);
    let table = if sites.is_empty() {
        view! {
            <EmptyState icon="list" title="No sites yet">
                <p>"A site is a place where participants are seen: a hospital, a practice. Webhooks and schedules can be limited to some."</p>
            </EmptyState>
        }
        .into_any()
    } else {
        let rows = sites.iter().map(|s| row(&list, &path, s, now)).collect_view();
        view! { <DataTable label="Sites" columns=&["Name", "Id", "Added (UTC)", ""]>{rows}</DataTable> }.into_any()
    };
    view! {
        <Console frame=frame nav=NavKey::Participants crumbs=crumbs>
            <PageHead title="Sites" lead="Where participants are seen." />
            <ErrorSummary errors=errors title="The site was not added." />
            <div class="stack">
                <Panel title="Sites" flush=true>{table}</Panel>
                <Panel title="Add a site">
                    <form class="stack" method="post" action=path>
                        <TextInput label="Name" name="name" value=name error=errors.of("name") placeholder="Charité" required=true maxlength=200 />
                        <FormActions>
                            <button class="button primary" type="submit">"Add site"</button>
                        </FormActions>
                    </form>
                </Panel>
            </div>
        </Console>
    }
}

fn row(list: &str, path: &str, s: &Site, now: Timestamp) -> impl IntoView + use<> {
    let id = s.id.to_string();
    let participants = address(list, &[("site".to_owned(), id.clone())]);
    view! {
        <tr>
            <td><a class="row-link" href=participants>{s.name.clone()}</a></td>
            <td data-label="Id"><span><Id value=id.clone() /> " " <CopyButton text=id.clone() label="Copy".to_owned() /></span></td>
            <td data-label="Added" class="one-line fit"><TimeTag t=s.created_at now=now short=true /></td>
            <td class="fit">
                <a class="button quiet" href=format!("{path}/{id}")>
                    "Rename"
                    <span class="visually-hidden">{format!(" {}", s.name)}</span>
                </a>
            </td>
        </tr>
    }
}

/// Another name for a site.
#[component]
pub fn RenameSitePage(
    /// Who and where.
    frame: Frame,
    /// The study.
    study: Study,
    /// The site as it is.
    site: Site,
    /// Its new name as typed.
    name: String,
    /// What is wrong with it.
    errors: FieldErrors,
) -> impl IntoView {
    let list = participants_path(&study);
    let path = format!("{list}/sites");
    let crumbs = vec![("Participants".to_owned(), Some(list)), ("Sites".to_owned(), Some(path.clone())), (site.name.clone(), None)];
    let errors = FormErrors::new(errors);
    let action = format!("{path}/{}", site.id);
    view! {
        <Console frame=frame nav=NavKey::Participants crumbs=crumbs>
            <PageHead
                title=format!("Rename {}", site.name)
                lead="Its id stays. Events that were accepted before keep the name that it had."
            />
            <ErrorSummary errors=errors title="The site keeps its name." />
            <Panel title="Site">
                <form class="stack" method="post" action=action>
                    <TextInput label="Name" name="name" value=name error=errors.of("name") required=true maxlength=200 />
                    <FormActions>
                        <button class="button primary" type="submit">"Rename"</button>
                        <a class="button quiet" href=path>"Cancel"</a>
                    </FormActions>
                </form>
            </Panel>
        </Console>
    }
}
