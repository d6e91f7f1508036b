//! Signing in, and the set-up of the first administrator.

use crate::model::problem::FieldErrors;
use crate::ui::{Banner, BareFrame, ErrorSummary, Flash, FormErrors, PasswordInput, TextInput, Tone};
use leptos::prelude::*;

/// The sign-in form.
#[component]
pub fn SignInPage(
    /// Where to go afterwards.
    next: String,
    /// What was typed.
    email: String,
    /// What is wrong with it.
    error: Option<String>,
    /// What the page before left to be said.
    flash: Option<Flash>,
) -> impl IntoView {
    view! {
        <BareFrame title="Sign in" flash=flash>
            {error.map(|text| view! { <div role="alert"><Banner tone=Tone::Danger title=text /></div> })}
            <form class="stack" method="post" action="/sign-in">
                <input type="hidden" name="next" value=next />
                <TextInput label="E-mail" name="email" kind="email" value=email autocomplete="username" required=true />
                <PasswordInput label="Password" name="password" required=true />
                <button class="button primary" type="submit">"Sign in"</button>
            </form>
        </BareFrame>
    }
}

/// What is filled in at set-up, without the password.
#[derive(Clone, Default)]
pub struct SetupFields {
    /// E-mail address.
    pub email: String,
    /// Name.
    pub name: String,
    /// The study's name.
    pub study_name: String,
    /// Its name in addresses.
    pub study_slug: String,
}

/// The first administrator chooses a password and names the first study.
#[component]
pub fn SetupPage(
    /// The link's token.
    token: String,
    /// What was typed.
    fields: SetupFields,
    /// What is wrong with it.
    errors: FieldErrors,
) -> impl IntoView {
    let errors = FormErrors::new(errors);
    view! {
        <BareFrame title="Set Hookwell up" lead="You become the administrator of the first study. This link works once.">
            <ErrorSummary errors=errors />
            <form class="stack" method="post" action=format!("/setup/{token}")>
                <TextInput label="Your name" name="name" value=fields.name error=errors.of("name") autocomplete="name" required=true />
                <TextInput label="E-mail" name="email" kind="email" value=fields.email error=errors.of("email") autocomplete="username" required=true />
                <PasswordInput
                    label="Password"
                    name="password"
                    hint="At least 12 characters, and none that many people use."
                    error=errors.of("password")
                    autocomplete="new-password"
                    required=true
                />
                <TextInput label="Study" name="study_name" value=fields.study_name error=errors.of("study_name") placeholder="Heart failure registry" required=true />
                <TextInput
                    label="Its name in addresses"
                    name="study_slug"
                    value=fields.study_slug
                    error=errors.of("study_slug")
                    hint="2–60 of a–z, 0–9 and -. It stays as it is."
                    placeholder="heart-failure"
                    mono=true
                    required=true
                />
                <button class="button primary" type="submit">"Create the account"</button>
            </form>
        </BareFrame>
    }
}
