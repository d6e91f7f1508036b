//! The studies of a person.

use super::frame::{Console, Frame, integrations_path};
use crate::ui::{Badge, DataTable, EmptyState, PageHead, Panel, StudyBadge, Tone};
use leptos::prelude::*;

/// One row a study.
#[component]
pub fn StudiesPage(
    /// Who and where.
    frame: Frame,
) -> impl IntoView {
    let studies = frame.studies.clone();
    let body = if studies.is_empty() {
        view! {
            <EmptyState title="You are not a member of any study">
                <p>"Ask an administrator to give you a role, or run "<code>"hookwell user role"</code>" at the machine."</p>
            </EmptyState>
        }
        .into_any()
    } else {
        let rows = studies
            .into_iter()
            .map(|s| {
                let integrations = if s.study.integrations_enabled {
                    view! { <Badge tone=Tone::Success label="Enabled" /> }
                } else {
                    view! { <Badge tone=Tone::Neutral label="Not enabled" /> }
                };
                view! {
                    <tr>
                        <td>
                            <a class="row-link" href=integrations_path(&s.study)>{s.study.name.clone()}</a>
                        </td>
                        <td class="card-corner"><StudyBadge production=s.study.production /></td>
                        <td data-label="Your role">{s.role.label()}</td>
                        <td data-label="Integrations">{integrations}</td>
                    </tr>
                }
            })
            .collect_view();
        view! {
            <Panel title="Your studies" flush=true>
                <DataTable label="Your studies" columns=&["Study", "Kind", "Your role", "Integrations"]>{rows}</DataTable>
            </Panel>
        }
        .into_any()
    };
    view! {
        <Console frame=frame>
            <PageHead title="Studies" />
            {body}
        </Console>
    }
}
