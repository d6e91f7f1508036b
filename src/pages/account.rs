//! One's own account.

use super::frame::{Console, Frame};
use crate::model::problem::FieldErrors;
use crate::ui::{Definition, DefinitionList, ErrorSummary, FormActions, FormErrors, PageHead, Panel, PasswordInput, TimeTag};
use leptos::prelude::*;

/// Who one is, and changing the password.
#[component]
pub fn AccountPage(
    /// Who and where.
    frame: Frame,
    /// What is wrong with the form.
    errors: FieldErrors,
) -> impl IntoView {
    let errors = FormErrors::new(errors);
    let crate::model::user::User { name, email, password_changed_at, .. } = frame.user.clone();
    let username = email.clone();
    let now = frame.now;
    view! {
        <Console frame=frame>
            <PageHead title="Account" />
            <ErrorSummary errors=errors />
            <div class="stack">
                <Panel title="You">
                    <DefinitionList>
                        <Definition term="Name">{name}</Definition>
                        <Definition term="E-mail">{email}</Definition>
                        <Definition term="Password set"><TimeTag t=password_changed_at now=now /></Definition>
                    </DefinitionList>
                </Panel>
                <Panel title="Change the password">
                    <form class="stack" method="post" action="/account/password">
                        <input type="hidden" name="username" autocomplete="username" value=username />
                        <PasswordInput label="Present password" name="present_password" error=errors.of("present_password") required=true />
                        <PasswordInput
                            label="New password"
                            name="new_password"
                            hint="At least 12 characters, and none that many people use. Your other sessions are signed out."
                            error=errors.of("new_password")
                            autocomplete="new-password"
                            required=true
                        />
                        <FormActions>
                            <button class="button primary" type="submit">"Change the password"</button>
                        </FormActions>
                    </form>
                </Panel>
            </div>
        </Console>
    }
}
