//! The card of the sign-in page.

use crate::ui::*;
use leptos::prelude::*;

#[component]
pub fn SignInMock() -> impl IntoView {
    view! {
        <FlashView flash=Some(Flash::error("That e-mail address and password do not belong together. After a few more tries there is a pause.")) />
        <form method="post" action="/api/sign_in">
            <TextInput label="E-mail address" name="email" kind="email" autocomplete="username" required=true value="ada@example.com" />
            <PasswordInput label="Password" name="password" required=true />
            <button class="button primary" type="submit">
                "Sign in"
            </button>
        </form>
    }
}
