//! The command line: read the configuration, build the application, run until a signal.

use clap::{Args, Parser, Subcommand};
use hookwell::model::api_key::ApiKeyDraft;
use hookwell::model::id::WebhookId;
use hookwell::model::permission::{Role, Scope};
use hookwell::server::auth::password::Hasher;
use hookwell::server::clock::{Clock, Ids, random_bytes};
use hookwell::server::config::{Config, LogFormat};
use hookwell::server::demo::{self, Demo};
use hookwell::server::engine::dispatch::Dispatcher;
use hookwell::server::mail::{Mail, Mailer};
use hookwell::server::secret::{Secret, Vault};
use hookwell::server::service::{api_keys, people, webhooks};
use hookwell::server::state::{App, open_vault};
use hookwell::server::store::Store;
use hookwell::server::{chores, listen, router};
use std::error::Error;
use std::io::{BufRead, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Webhooks for clinical trials and health surveys: a console and a delivery engine.
#[derive(Parser)]
#[command(name = "hookwell", version, about)]
struct Cli {
    /// A TOML file with settings; the environment wins over it
    #[arg(long, global = true, env = "HOOKWELL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the console and the engine (what happens without a command)
    Serve(Serve),
    /// Add people and give them roles
    #[command(subcommand)]
    User(UserCommand),
    /// Add studies
    #[command(subcommand)]
    Study(StudyCommand),
    /// Make API keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Change what only the operator may of webhooks
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Try out-going e-mail
    #[command(subcommand)]
    Mail(MailCommand),
    /// Bring the database's schema up to date, and stop
    Migrate,
    /// Print the settings in force, passwords hidden
    Config,
    /// Receive webhooks on this machine: print what arrives, and whether its signature is good
    Listen(Listen),
}

#[derive(Args, Default)]
struct Serve {
    /// On an empty database, make an example study; start its receiver, and allow webhooks to call this machine's loopback address
    #[arg(long)]
    demo: bool,
}

#[derive(Subcommand)]
enum UserCommand {
    /// Add somebody. The password is read from the first line of standard input, or made and printed
    Add {
        /// Their e-mail address
        #[arg(long)]
        email: String,
        /// Their name
        #[arg(long)]
        name: String,
        /// A study (its name in addresses) to make them a member of
        #[arg(long, requires = "role")]
        study: Option<String>,
        /// What they are there: administrator, implementation_manager, qa or auditor
        #[arg(long, value_parser = role)]
        role: Option<Role>,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give somebody who has an account a role in a study
    Role {
        /// Their e-mail address
        #[arg(long)]
        email: String,
        /// The study's name in addresses
        #[arg(long)]
        study: String,
        /// administrator, implementation_manager, qa or auditor
        #[arg(long, value_parser = role)]
        role: Role,
    },
}

#[derive(Subcommand)]
enum StudyCommand {
    /// Add a study; its Integrations are off
    Add {
        /// Its name in addresses: 2–60 of a–z, 0–9 and -
        #[arg(long)]
        slug: String,
        /// Its name
        #[arg(long)]
        name: String,
        /// Mark it as a production study
        #[arg(long)]
        production: bool,
    },
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Make a key for a study and print it, this once
    Create {
        /// The study's name in addresses
        #[arg(long)]
        study: String,
        /// What people call the key
        #[arg(long)]
        name: String,
        /// What it may do, e.g. events:write; several times or with commas
        #[arg(long, required = true, value_delimiter = ',')]
        scope: Vec<String>,
        /// Days until it expires; never, if left out
        #[arg(long)]
        expires_in_days: Option<u32>,
    },
}

#[derive(Subcommand)]
enum WebhookCommand {
    /// Say whether a MyDataHelps webhook that was moved here is a legacy one, which sends PatientIdentifier and PatientID too
    #[command(group = clap::ArgGroup::new("state").required(true).args(["on", "off"]))]
    Legacy {
        /// The study's name in addresses
        study: String,
        /// The webhook's id
        webhook: WebhookId,
        /// It is one
        #[arg(long)]
        on: bool,
        /// It is none
        #[arg(long)]
        off: bool,
    },
}

#[derive(Subcommand)]
enum MailCommand {
    /// Send a test mail over the server of HOOKWELL_SMTP_URL, and say what it answered
    Test {
        /// To whom
        address: String,
    },
}

#[derive(Args)]
struct Listen {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8400")]
    listen: SocketAddr,
    /// The webhook's secret, to verify signatures with; better in HOOKWELL_LISTEN_SECRET than on the command line
    #[arg(long, env = "HOOKWELL_LISTEN_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// What to answer
    #[arg(long, default_value_t = 204, value_parser = clap::value_parser!(u16).range(200..=599))]
    status: u16,
    /// Wait before answering, in milliseconds
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    /// Answer 500 to this part of the requests, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    fail_rate: f64,
    /// Let `PUT /_control?status=…&delay_ms=…&fail_rate=…` change these while it runs
    #[arg(long)]
    control: bool,
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| format!("must be one of {}", Role::ALL.map(Role::as_str).join(", ")))
}

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let config = match configuration(cli.config.as_deref()) {
        Ok(config) => config,
        Err(error) => return failed(&*error, 2),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error, 1),
    };
    match runtime.block_on(run(cli.command.unwrap_or(Command::Serve(Serve::default())), config)) {
        Ok(()) => ExitCode::SUCCESS,
        // What keeps it from starting is told like a wrong setting: most often it is one.
        Err(error) => failed(&*error, 2),
    }
}

fn failed(error: &dyn Error, code: u8) -> ExitCode {
    eprintln!("hookwell: {error}");
    ExitCode::from(code)
}

fn configuration(file: Option<&Path>) -> Result<Config, Box<dyn Error>> {
    let text = match file {
        Some(path) => {
            Some(std::fs::read_to_string(path).map_err(|e| format!("the configuration file {} cannot be read: {e}", path.display()))?)
        }
        None => None,
    };
    Ok(Config::load(text.as_deref(), std::env::vars())?)
}

async fn run(command: Command, config: Config) -> Outcome {
    match command {
        Command::Serve(args) => serve(config, args).await,
        Command::Config => {
            for (name, value, source) in config.shown() {
                println!("{name}={value}  # {source}");
            }
            Ok(())
        }
        Command::Migrate => {
            open_store(&config).await?.close().await;
            println!("The database is up to date.");
            Ok(())
        }
        Command::Listen(args) => run_listen(args).await,
        Command::Mail(MailCommand::Test { address }) => test_mail(&config, address).await,
        Command::User(command) => user(open_app(config).await?, command).await,
        Command::Study(StudyCommand::Add { slug, name, production }) => {
            let app = open_app(config).await?;
            let study = people::add_study(&app, &slug, &name, production).await?;
            println!("Study {} is there: /s/{}", study.id, study.slug);
            Ok(())
        }
        Command::Webhook(WebhookCommand::Legacy { study, webhook, on, off: _ }) => {
            let app = open_app(config).await?;
            let webhook = webhooks::set_legacy_by_operator(&app, &study, &webhook, on).await?;
            let state = if on { "is a legacy webhook: it sends PatientIdentifier and PatientID too" } else { "is an ordinary webhook" };
            println!("“{}” {state}.", webhook.settings.name);
            Ok(())
        }
        Command::Key(KeyCommand::Create { study, name, scope, expires_in_days }) => {
            let app = open_app(config).await?;
            let draft = ApiKeyDraft { name, scopes: scope, expires_in_days: expires_in_days.map(|n| n.to_string()).unwrap_or_default() };
            let (key, secret) = api_keys::create_by_operator(&app, &study, &draft).await?;
            let scopes: Vec<&str> = key.scopes.iter().copied().map(Scope::as_str).collect();
            eprintln!("Key “{}” ({}), shown this once:", key.name, scopes.join(", "));
            println!("{}", secret.expose());
            Ok(())
        }
    }
}

async fn test_mail(config: &Config, address: String) -> Outcome {
    let settings = config.mail.as_ref().ok_or("HOOKWELL_SMTP_URL is not set: Hookwell sends no e-mail")?;
    let clock = Clock::system();
    let mail = Mail {
        to: address.clone(),
        subject: "A test from Hookwell".to_owned(),
        body: format!("This is a test from Hookwell on {}. Nothing happened.\n", config.public_url),
        id: format!("test.{:032x}", Ids::new(clock.clone()).next()),
        at: clock.now(),
    };
    Mailer::new(settings)?.send(mail).await.map_err(|e| format!("the test mail to {address} did not go out: {e}"))?;
    println!("The mail server took the test mail to {address}.");
    Ok(())
}

async fn user(app: App, command: UserCommand) -> Outcome {
    match command {
        UserCommand::Add { email, name, study, role, password_stdin } => {
            let (password, made) = if password_stdin {
                let mut line = String::new();
                std::io::stdin().lock().read_line(&mut line)?;
                (Secret::new(line.trim_end_matches(['\r', '\n'])), false)
            } else {
                (Secret::new(hex::encode(random_bytes::<12>())), true)
            };
            let member_of = study.as_deref().zip(role);
            let user = people::add_user(&app, &email, &name, password.clone(), member_of).await?;
            println!("{} <{}> is there.", user.name, user.email);
            if made {
                println!("Password, shown this once: {}", password.expose());
            }
        }
        UserCommand::Role { email, study, role } => {
            people::set_role(&app, &email, &study, role).await?;
            println!("{email} is {} of {study}.", role.label());
        }
    }
    Ok(())
}

/// The path of the embedded database's file.
fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    Some(PathBuf::from(path.split('?').next().unwrap_or(path)))
}

fn make_data_dir(config: &Config) -> Outcome {
    let dir = config.data_dir.display();
    Ok(std::fs::create_dir_all(&config.data_dir).map_err(|e| format!("HOOKWELL_DATA_DIR: the folder {dir} cannot be made: {e}"))?)
}

async fn open_store(config: &Config) -> Result<Store, Box<dyn Error>> {
    make_data_dir(config)?;
    let store = Store::connect(&config.database_url).await.map_err(|e| format!("HOOKWELL_DATABASE_URL: {e}"))?;
    store.migrate().await?;
    Ok(store)
}

async fn open_app(config: Config) -> Result<App, Box<dyn Error>> {
    let store = open_store(&config).await?;
    let vault = open_vault(&config, &store).await?;
    let (app, _intake) = App::build(config, store, vault, Clock::system(), Hasher::production(), false).await?;
    Ok(app)
}

fn start_log(config: &Config) -> Outcome {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log)?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Json => log.json().init(),
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
    }
    Ok(())
}

/// Keeps a second process from the same embedded database: it would take back what the first one is working on.
fn lock(config: &Config) -> Result<Option<std::fs::File>, Box<dyn Error>> {
    let Some(file) = sqlite_file(&config.database_url) else { return Ok(None) };
    let path = file.with_extension("lock");
    let lock = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(_) => Err(format!(
            "another hookwell runs on {} already. SQLite serves one; use PostgreSQL (HOOKWELL_DATABASE_URL) for several",
            file.display()
        )
        .into()),
    }
}

async fn serve(mut config: Config, args: Serve) -> Outcome {
    start_log(&config)?;
    if args.demo {
        demo::open(&mut config);
    }
    make_data_dir(&config)?;
    let _lock = lock(&config)?;
    let listener =
        TcpListener::bind(config.listen).await.map_err(|e| format!("HOOKWELL_LISTEN: cannot listen on {}: {e}", config.listen))?;
    let store = open_store(&config).await?;
    let stop_receiver = CancellationToken::new();
    let example = if args.demo {
        let password = std::env::var("HOOKWELL_DEMO_PASSWORD").ok().filter(|p| !p.is_empty()).map(Secret::new);
        Some(demo::prepare(&config, &store, || Vault::open_or_create(&config.master_key_file), password, stop_receiver.clone()).await?)
    } else {
        None
    };
    let vault = open_vault(&config, &store).await?;
    let (app, intake) = App::build(config, store, vault, Clock::system(), Hasher::production(), true).await?;
    let dispatcher = tokio::spawn(Dispatcher::new(app.engine.clone(), intake).run(app.stopping().clone()));
    let chores = tokio::spawn(chores::run(app.clone(), app.stopping().clone()));
    greet(&app, example.as_ref()).await?;

    let service = router::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let stopping = app.stopping().clone();
    tokio::spawn(async move {
        stop_signal().await;
        tracing::info!("stopping");
        stopping.cancel();
    });
    let served = axum::serve(listener, service).with_graceful_shutdown(app.stopping().clone().cancelled_owned());
    // Kept connections may stay open for ever; what matters has ended long before.
    let deadline = async {
        app.stopping().cancelled().await;
        tokio::time::sleep(Duration::from_secs(25)).await;
    };
    tokio::select! {
        done = served.into_future() => done?,
        () = deadline => tracing::warn!("some connections were cut"),
    }
    app.stopping().cancel();
    dispatcher.await?;
    chores.await?;
    // What was accepted between the dispatcher's stop and the last answer is leased to nobody who works.
    app.engine.give_back().await?;
    stop_receiver.cancel();
    app.store.close().await;
    Ok(())
}

async fn greet(app: &App, example: Option<&Demo>) -> Outcome {
    let mut out = std::io::stdout().lock();
    let base = app.config.public_url.as_str().trim_end_matches('/');
    writeln!(out, "Hookwell {} on {base}", env!("CARGO_PKG_VERSION"))?;
    if let Some(example) = example {
        writeln!(out, "The example's receiver listens on http://{}", example.receiver)?;
        if let Some(made) = &example.made {
            writeln!(out, "Sign in as {}", demo::PEOPLE.map(|(email, ..)| email).join(", "))?;
            writeln!(out, "Password: {}", made.password.expose())?;
            writeln!(out, "API key:  {}", made.key.expose())?;
        }
    }
    if let Some(token) = people::setup_token(app).await? {
        writeln!(out, "Nobody has an account yet. Choose the first administrator's password here, within 24 hours:")?;
        writeln!(out, "{base}/setup/{}", token.expose())?;
    }
    out.flush()?;
    Ok(())
}

/// SIGTERM or Ctrl-C.
async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _stopped = interrupt.await;
        }
    }
}

async fn run_listen(args: Listen) -> Outcome {
    if !(0.0..=1.0).contains(&args.fail_rate) {
        return Err("--fail-rate must be from 0 to 1".into());
    }
    let listener = TcpListener::bind(args.listen).await.map_err(|e| format!("--listen: cannot listen on {}: {e}", args.listen))?;
    println!("Listening on http://{}; stop with Ctrl-C", listener.local_addr()?);
    let options = listen::Options {
        secret: args.secret.map(Secret::new),
        status: args.status,
        delay: Duration::from_millis(args.delay_ms),
        fail_rate: args.fail_rate,
        control: args.control,
        ..listen::Options::new(Clock::system())
    };
    let counts = listen::serve(listener, options, stop_signal()).await?;
    println!("{} requests, {} duplicates, {} refused", counts.requests, counts.duplicates, counts.refused);
    Ok(())
}
