//! The nouns of the product and their pure rules. Knows no database and no HTTP.
//!
//! Both sides compile this: the server checks with it, and the pages show with it.

/// Describes a type that is text on the wire to the OpenAPI document.
#[cfg(feature = "ssr")]
macro_rules! text_schema {
    ($name:ident, $example:expr) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::String).examples([$example]).into()
            }
        }
        impl utoipa::ToSchema for $name {}
    };
}
#[cfg(feature = "ssr")]
pub(crate) use text_schema;

/// A closed set of names: as stored and sent, and as a person reads it.
macro_rules! text_enum {
    ($name:ident { $($variant:ident = $text:literal / $label:literal),+ $(,)? }) => {
        impl $name {
            /// Every value.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// As stored and sent.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
            /// As a person reads it.
            pub fn label(self) -> &'static str {
                match self { $($name::$variant => $label),+ }
            }
            /// Reads what `as_str` wrote; `None` for anything else.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some($name::$variant),)+ _ => None }
            }
        }
    };
}

pub mod answers_draft;
pub mod api_key;
pub mod audit;
pub mod delivery;
pub mod event;
pub mod event_type;
pub mod form;
pub mod id;
pub mod import;
pub mod notice;
pub mod page;
pub mod participant;
pub mod payload_variant;
pub mod permission;
pub mod preview;
pub mod problem;
pub mod record;
pub mod replay;
pub mod response;
pub mod retry_schedule;
pub mod review_draft;
pub mod schedule;
pub mod site;
pub mod study;
pub mod synchronous;
pub mod time;
pub mod user;
pub mod webhook;
pub mod webhook_draft;
