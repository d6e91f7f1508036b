//! Configuration: defaults, then a TOML file, then `HOOKWELL_*` of the environment. Every value knows where it came from, and a
//! wrong one stops the start with a sentence that names it.

use super::auth::session::Limits;
use super::secret::Secret;
use crate::model::time::{HOUR, MINUTE};
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A value that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} ({source_name}): {message}")]
pub struct ConfigError {
    /// The setting, as the environment spells it.
    pub name: String,
    /// Where the value came from.
    pub source_name: String,
    /// What would be right.
    pub message: String,
}

/// What is in force.
#[derive(Clone)]
pub struct Config {
    /// `sqlite:…` or `postgres://…`.
    pub database_url: String,
    /// Where the embedded database and the master key are kept unless told otherwise.
    pub data_dir: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// How browsers reach it; decides on `Secure` cookies and HSTS.
    pub public_url: url::Url,
    /// The master key.
    pub master_key_file: PathBuf,
    /// Whether a webhook's URL may be plain `http`.
    pub allow_http: bool,
    /// Addresses that may be called although they are not globally routable.
    pub allow_addresses: Vec<IpNet>,
    /// Hosts that may be called although their names are refused.
    pub allow_hosts: Vec<String>,
    /// How e-mail is sent; `None`: it is not.
    pub mail: Option<MailSettings>,
    /// Levels of the log, as `tracing` reads them.
    pub log: String,
    /// `text` or `json`.
    pub log_format: LogFormat,
    /// Limits of browser sessions.
    pub session: Limits,
    /// Each value as text, with where it came from, for `hookwell config`.
    shown: Vec<(&'static str, String, String)>,
}

/// How e-mail is sent.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// The server: `smtp://` or `smtps://`, with user and password where it wants them, `tls=` where encryption is to be asked for.
    pub url: Secret,
    /// The sender: an address, or a name and an address in angle brackets.
    pub from: String,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// One setting: its name in the environment, its name in the file, its default, what it is for.
pub struct Setting {
    /// E.g. `HOOKWELL_LISTEN`.
    pub env: &'static str,
    /// E.g. `listen`.
    pub key: &'static str,
    /// As written in the table of the README.
    pub default: &'static str,
    /// In a phrase.
    pub about: &'static str,
}

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    Setting {
        env: "HOOKWELL_DATABASE_URL",
        key: "database_url",
        default: "sqlite:<data dir>/hookwell.db",
        about: "sqlite:… or postgres://…",
    },
    Setting { env: "HOOKWELL_DATA_DIR", key: "data_dir", default: "./data", about: "where the database and the master key are kept" },
    Setting { env: "HOOKWELL_LISTEN", key: "listen", default: "127.0.0.1:3000", about: "address and port to listen on" },
    Setting { env: "HOOKWELL_PUBLIC_URL", key: "public_url", default: "http://<listen>", about: "how browsers reach it" },
    Setting {
        env: "HOOKWELL_MASTER_KEY_FILE",
        key: "master_key_file",
        default: "<data dir>/master.key",
        about: "encrypts credentials; made if missing",
    },
    Setting { env: "HOOKWELL_ALLOW_HTTP", key: "allow_http", default: "false", about: "allow webhook URLs without TLS" },
    Setting {
        env: "HOOKWELL_ALLOW_ADDRESSES",
        key: "allow_addresses",
        default: "",
        about: "CIDRs that webhooks may call although they are not public",
    },
    Setting {
        env: "HOOKWELL_ALLOW_HOSTS",
        key: "allow_hosts",
        default: "",
        about: "host names that webhooks may call although they are internal ones",
    },
    Setting {
        env: "HOOKWELL_SMTP_URL",
        key: "smtp_url",
        default: "",
        about: "smtp://… or smtps://user:password@host: tells administrators by e-mail; none is sent without",
    },
    Setting { env: "HOOKWELL_MAIL_FROM", key: "mail_from", default: "", about: "the sender of e-mail, e.g. Hookwell <hooks@example.org>" },
    Setting { env: "HOOKWELL_LOG", key: "log", default: "info", about: "log levels, e.g. info,hookwell=debug" },
    Setting { env: "HOOKWELL_LOG_FORMAT", key: "log_format", default: "text", about: "text or json" },
    Setting {
        env: "HOOKWELL_SESSION_IDLE_MINUTES",
        key: "session_idle_minutes",
        default: "15",
        about: "sign out after so long without a request",
    },
    Setting { env: "HOOKWELL_SESSION_HOURS", key: "session_hours", default: "12", about: "sign out after so long in any case" },
];

struct Values {
    found: BTreeMap<&'static str, (String, String)>,
}

impl Values {
    fn get(&self, key: &'static str) -> Option<&str> {
        self.found.get(key).map(|(value, _)| value.as_str()).filter(|v| !v.is_empty())
    }

    fn wrong(&self, key: &'static str, message: impl Into<String>) -> ConfigError {
        let setting = SETTINGS.iter().find(|s| s.key == key);
        let source_name = self.found.get(key).map_or("default", |(_, source)| source);
        ConfigError { name: setting.map_or(key, |s| s.env).to_owned(), source_name: source_name.to_owned(), message: message.into() }
    }

    fn parse<T>(&self, key: &'static str, default: T, right: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, ConfigError> {
        match self.get(key) {
            None => Ok(default),
            Some(text) => parse(text.trim()).ok_or_else(|| self.wrong(key, format!("{text:?} cannot be used; it must be {right}"))),
        }
    }

    fn list<T>(&self, key: &'static str, right: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, ConfigError> {
        let text = self.get(key).unwrap_or_default();
        let items = text.split([',', ' ']).map(str::trim).filter(|t| !t.is_empty());
        items.map(|t| parse(t).ok_or_else(|| self.wrong(key, format!("{t:?} cannot be used; it must be {right}")))).collect()
    }
}

impl Config {
    /// Reads the file, where there is one, and the environment over it.
    ///
    /// # Errors
    /// The first value that cannot be used, or a setting that is not known.
    pub fn load(file: Option<&str>, env: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut found = BTreeMap::new();
        if let Some(text) = file {
            read_file(text, &mut found)?;
        }
        for (name, value) in env.filter(|(name, _)| name.starts_with("HOOKWELL_")) {
            match SETTINGS.iter().find(|s| s.env == name) {
                Some(setting) => {
                    found.insert(setting.key, (value, "environment".to_owned()));
                }
                None if OTHERS.contains(&name.as_str()) || name.starts_with("HOOKWELL_TEST_") => {}
                None => {
                    let message = "is no setting; see hookwell config for those there are".to_owned();
                    return Err(ConfigError { name, source_name: "environment".to_owned(), message });
                }
            }
        }
        Self::from_values(&Values { found })
    }

    fn from_values(v: &Values) -> Result<Self, ConfigError> {
        let data_dir = PathBuf::from(v.get("data_dir").unwrap_or("./data"));
        let database_url =
            v.get("database_url").map_or_else(|| format!("sqlite:{}", data_dir.join("hookwell.db").display()), str::to_owned);
        if !["sqlite:", "postgres://", "postgresql://"].iter().any(|p| database_url.starts_with(p)) {
            return Err(v.wrong("database_url", "must begin with sqlite: or postgres://"));
        }
        let default_listen = SocketAddr::from(([127, 0, 0, 1], 3000));
        let listen = v.parse("listen", default_listen, "an address and port such as 127.0.0.1:3000", |t| t.parse().ok())?;
        let public = |t: &str| url::Url::parse(t).ok().filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
        let default_public = public(&format!("http://{listen}")).ok_or_else(|| v.wrong("listen", "must be an address and port"))?;
        let public_url = v.parse("public_url", default_public, "an http or https address such as https://hooks.example.org", public)?;
        let master_key_file = v.get("master_key_file").map_or_else(|| data_dir.join("master.key"), PathBuf::from);
        let yes_no = |t: &str| match t {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => None,
        };
        let allow_http = v.parse("allow_http", false, "true or false", yes_no)?;
        let cidr = |t: &str| t.parse::<IpNet>().ok().or_else(|| t.parse::<std::net::IpAddr>().ok().map(IpNet::from));
        let allow_addresses = v.list("allow_addresses", "an address or CIDR such as 10.1.0.0/16", cidr)?;
        let host = |t: &str| url::Host::parse(t).ok().map(|h| h.to_string());
        let allow_hosts = v.list("allow_hosts", "a host name", host)?;
        let mail = mail(v)?;
        let log = v.get("log").unwrap_or("info").to_owned();
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&log) {
            return Err(v.wrong("log", format!("{log:?} cannot be used ({error}); write it like info or info,hookwell=debug")));
        }
        let format = |t: &str| match t {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        };
        let log_format = v.parse("log_format", LogFormat::Text, "text or json", format)?;
        let within = |most: i64| move |t: &str| t.parse::<i64>().ok().filter(|n| (1..=most).contains(n));
        let idle = v.parse("session_idle_minutes", 15, "a whole number from 1 to 1440", within(1440))? * MINUTE;
        let absolute = v.parse("session_hours", 12, "a whole number from 1 to 168", within(168))? * HOUR;
        let mut config = Self {
            database_url,
            data_dir,
            listen,
            public_url,
            master_key_file,
            allow_http,
            allow_addresses,
            allow_hosts,
            mail,
            log,
            log_format,
            session: Limits { idle, absolute },
            shown: Vec::new(),
        };
        config.shown = config.list(v);
        Ok(config)
    }

    fn list(&self, v: &Values) -> Vec<(&'static str, String, String)> {
        let joined = |items: Vec<String>| items.join(",");
        SETTINGS
            .iter()
            .map(|s| {
                let value = match s.key {
                    "database_url" => hide_password(&self.database_url),
                    "data_dir" => self.data_dir.display().to_string(),
                    "listen" => self.listen.to_string(),
                    "public_url" => self.public_url.to_string(),
                    "master_key_file" => self.master_key_file.display().to_string(),
                    "allow_http" => self.allow_http.to_string(),
                    "allow_addresses" => joined(self.allow_addresses.iter().map(ToString::to_string).collect()),
                    "allow_hosts" => joined(self.allow_hosts.clone()),
                    "smtp_url" => self.mail.as_ref().map(|m| hide_password(m.url.expose())).unwrap_or_default(),
                    "mail_from" => self.mail.as_ref().map(|m| m.from.clone()).unwrap_or_default(),
                    "log" => self.log.clone(),
                    "log_format" => if self.log_format == LogFormat::Json { "json" } else { "text" }.to_owned(),
                    "session_idle_minutes" => (self.session.idle / MINUTE).to_string(),
                    _ => (self.session.absolute / HOUR).to_string(),
                };
                (s.env, value, v.found.get(s.key).map_or("default", |(_, source)| source).to_owned())
            })
            .collect()
    }

    /// Name, value (passwords hidden) and source of every setting.
    pub fn shown(&self) -> &[(&'static str, String, String)] {
        &self.shown
    }

    /// Whether browsers come over TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

/// Without passwords, as `hookwell config` shows it.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.shown.iter().map(|(name, value, _)| (name, value))).finish()
    }
}

/// How e-mail is sent. To another machine, nothing goes unencrypted that the server could take encrypted, and a password never does.
fn mail(v: &Values) -> Result<Option<MailSettings>, ConfigError> {
    // Nothing of it is repeated in an error: it may hold a password.
    let wrong = || v.wrong("smtp_url", "must be smtp://host or smtps://user:password@host, with a port where it is not the usual one");
    let Some(text) = v.get("smtp_url") else { return Ok(None) };
    let mut url = url::Url::parse(text.trim()).ok().filter(|u| matches!(u.scheme(), "smtp" | "smtps") && u.has_host()).ok_or_else(wrong)?;
    if url.password().is_none() != url.username().is_empty() {
        return Err(v.wrong("smtp_url", "must have both a user and a password, or neither; characters such as @ are written as %40"));
    }
    if !url.query_pairs().all(|(name, value)| name == "tls" && matches!(&*value, "required" | "opportunistic")) {
        return Err(v.wrong("smtp_url", "may end with ?tls=required or ?tls=opportunistic, and with nothing else"));
    }
    let is_here = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        // The host of an address that is not http's is not read as a number.
        Some(url::Host::Domain(name)) => name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    };
    let tls = if url.password().is_some() { "required" } else { "opportunistic" };
    match url.query_pairs().next().map(|(_, value)| value.into_owned()) {
        Some(asked) if asked == "opportunistic" && tls == "required" && !is_here => {
            return Err(v.wrong("smtp_url", "a password is sent encrypted only: use ?tls=required or smtps://"));
        }
        None if url.scheme() == "smtp" && !is_here => {
            // The usual port stays the one of the scheme, whatever asks for encryption.
            if url.port().is_none() && tls == "opportunistic" && url.set_port(Some(25)).is_err() {
                return Err(wrong());
            }
            url.query_pairs_mut().append_pair("tls", tls);
        }
        _ => {}
    }
    let right = "the sender's address, such as hooks@example.org or Hookwell <hooks@example.org>; HOOKWELL_SMTP_URL needs it";
    let from = v.get("mail_from").map(str::trim).ok_or_else(|| v.wrong("mail_from", format!("is missing; it must be {right}")))?;
    if from.parse::<lettre::message::Mailbox>().is_err() {
        return Err(v.wrong("mail_from", format!("{from:?} cannot be used; it must be {right}")));
    }
    Ok(Some(MailSettings { url: Secret::new(url.as_str()), from: from.to_owned() }))
}

/// Names of the environment that are ours and no settings.
const OTHERS: &[&str] = &["HOOKWELL_CONFIG", "HOOKWELL_LISTEN_SECRET", "HOOKWELL_DEMO_PASSWORD", "HOOKWELL_CACHE", "HOOKWELL_WASM_PKG"];

fn read_file(text: &str, found: &mut BTreeMap<&'static str, (String, String)>) -> Result<(), ConfigError> {
    let wrong = |name: &str, message: String| ConfigError { name: name.to_owned(), source_name: "configuration file".to_owned(), message };
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| wrong("the file", format!("is not TOML: {e}")))?;
    for (key, value) in table {
        let Some(setting) = SETTINGS.iter().find(|s| s.key == key) else {
            let known: Vec<&str> = SETTINGS.iter().map(|s| s.key).collect();
            return Err(wrong(&key, format!("is no setting; there are {}", known.join(", "))));
        };
        let text = match value {
            toml::Value::String(s) => s,
            toml::Value::Integer(n) => n.to_string(),
            toml::Value::Boolean(b) => b.to_string(),
            toml::Value::Array(items) if items.iter().all(toml::Value::is_str) => {
                items.iter().filter_map(|i| i.as_str()).collect::<Vec<_>>().join(",")
            }
            _ => return Err(wrong(&key, "must be text, a number, true or false, or a list of texts".to_owned())),
        };
        found.insert(setting.key, (text, "configuration file".to_owned()));
    }
    Ok(())
}

fn hide_password(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut parsed) if parsed.password().is_some() => {
            let _cannot_be = parsed.set_password(Some("…"));
            parsed.to_string()
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: Option<&str>, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::load(file, env.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn the_defaults_need_nothing_and_the_environment_wins() {
        let config = load(None, &[("PATH", "/bin")]).expect("defaults");
        assert_eq!(config.listen.to_string(), "127.0.0.1:3000");
        assert_eq!(config.database_url, "sqlite:./data/hookwell.db");
        let file = "listen = \"127.0.0.1:4000\"\nallow_http = true\nallow_addresses = [\"10.0.0.0/8\"]";
        let config = load(Some(file), &[("HOOKWELL_LISTEN", "[::1]:5000")]).expect("both");
        assert_eq!(config.listen.to_string(), "[::1]:5000");
        assert!(config.allow_http);
        let listen = config.shown().iter().find(|(name, ..)| *name == "HOOKWELL_LISTEN").expect("shown");
        assert_eq!((listen.1.as_str(), listen.2.as_str()), ("[::1]:5000", "environment"));
    }

    #[test]
    fn a_wrong_value_is_named_with_what_would_be_right() {
        for (name, value, right) in [
            ("HOOKWELL_LISTEN", "here", "127.0.0.1:3000"),
            ("HOOKWELL_DATABASE_URL", "mysql://x", "sqlite:"),
            ("HOOKWELL_PUBLIC_URL", "hooks", "https://"),
            ("HOOKWELL_ALLOW_HTTP", "maybe", "true or false"),
            ("HOOKWELL_ALLOW_ADDRESSES", "10.0.0.0/33", "CIDR"),
            ("HOOKWELL_LOG", "a=b=c", "info"),
            ("HOOKWELL_LOG_FORMAT", "xml", "json"),
            ("HOOKWELL_SESSION_HOURS", "0", "1 to 168"),
            ("HOOKWELL_SMTP_URL", "mail.example.org", "smtps://"),
            ("HOOKWELL_SMTP_URL", "http://mail.example.org", "smtps://"),
            ("HOOKWELL_SMTP_URL", "smtps://me@mail.example.org", "both a user and a password"),
            ("HOOKWELL_SMTP_URL", "smtp://mail.example.org?tls=none", "tls=required"),
            ("HOOKWELL_SMTP_URL", "smtp://me:canary@mail.example.org?tls=opportunistic", "encrypted only"),
            ("HOOKWELL_LISTNE", "127.0.0.1:1", "no setting"),
        ] {
            let error = load(None, &[(name, value)]).expect_err(name).to_string();
            assert!(error.contains(name) && error.contains(right), "{error}");
        }
        assert!(load(Some("colour = 1"), &[]).expect_err("unknown").to_string().contains("colour"));
        assert!(load(Some("listen ="), &[]).expect_err("not TOML").to_string().contains("TOML"));
    }

    #[test]
    fn the_readme_lists_every_setting() {
        let readme = include_str!("../../README.md");
        for s in SETTINGS {
            let default = if s.default.is_empty() { String::new() } else { format!("`{}`", s.default) };
            let row = format!("| `{}` | {default} | {} |", s.env, s.about);
            assert!(readme.contains(&row), "README.md lacks the row: {row}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let mail = [("HOOKWELL_SMTP_URL", "smtps://me:canary@mail.example.org"), ("HOOKWELL_MAIL_FROM", "hooks@example.org")];
        let config =
            load(None, &[[("HOOKWELL_DATABASE_URL", "postgres://me:canary@localhost/x")].as_slice(), &mail].concat()).expect("good");
        assert!(!format!("{:?} {config:?} {:?}", config.shown(), config.mail).contains("canary"));
        let error = load(None, &[("HOOKWELL_SMTP_URL", "smtp:canary")]).expect_err("no host").to_string();
        assert!(!error.contains("canary"), "{error}");
    }

    #[test]
    fn mail_is_encrypted_wherever_it_leaves_the_machine() {
        let url = |text: &str| {
            let config = load(None, &[("HOOKWELL_SMTP_URL", text), ("HOOKWELL_MAIL_FROM", "Hookwell <hooks@example.org>")]);
            config.expect(text).mail.expect("mail").url.expose().to_owned()
        };
        assert_eq!(url("smtps://me:p@mail.example.org"), "smtps://me:p@mail.example.org");
        assert_eq!(url("smtp://me:p@mail.example.org"), "smtp://me:p@mail.example.org?tls=required");
        assert_eq!(url("smtp://mail.example.org"), "smtp://mail.example.org:25?tls=opportunistic");
        assert_eq!(url("smtp://mail.example.org:2525?tls=required"), "smtp://mail.example.org:2525?tls=required");
        for here in ["smtp://127.0.0.1:1025", "smtp://localhost:1025", "smtp://[::1]:1025", "smtp://me:p@127.0.0.1:1025"] {
            assert_eq!(url(here), here);
        }
        assert!(
            load(None, &[("HOOKWELL_SMTP_URL", "smtp://localhost")]).expect_err("no sender").to_string().contains("HOOKWELL_MAIL_FROM")
        );
    }
}
