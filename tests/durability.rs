//! What was answered with 202 is delivered, whatever happens to the process: the real binary, killed, stopped, started on the
//! wrong things, on a disk that fills. On SQLite, and on PostgreSQL where `HOOKWELL_TEST_POSTGRES_URL` names one.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]
#![allow(clippy::disallowed_methods, reason = "a platform's client is not the engine's")]
#![allow(dead_code, reason = "the support is shared")]

mod support;

use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::{Installation, Receiver, Server, client, event, publish, within};

/// The default of a webhook: so many attempts can be in flight.
const CONCURRENCY: usize = 10;
/// A receiver that takes its time.
const SLOW: Duration = Duration::from_millis(20);

/// What a platform was told.
#[derive(Default)]
struct Told {
    /// Events answered for.
    events: AtomicUsize,
    /// Deliveries that an answer named.
    deliveries: Mutex<HashSet<String>>,
    /// Answers that were no acceptance, and broken connections.
    failures: AtomicUsize,
}

/// Publishes `count` events over six connections, some alone and some in tens, each again until it is answered.
fn platform(at: &Arc<Installation>, key: &str, count: usize) -> (Arc<Told>, Vec<tokio::task::JoinHandle<()>>) {
    let mut units = Vec::new();
    let mut number = 0;
    while number < count {
        let size = if number % 20 == 0 && number + 10 <= count { 10 } else { 1 };
        units.push(number..number + size);
        number += size;
    }
    let units = Arc::new(Mutex::new(units.into_iter()));
    let told = Arc::new(Told::default());
    let tasks = (0..6).map(|_| {
        let (at, key, units, told) = (at.clone(), key.to_owned(), units.clone(), told.clone());
        tokio::spawn(async move {
            let client = client();
            loop {
                let Some(unit) = units.lock().unwrap().next() else { return };
                let what = if unit.len() == 1 { event(unit.start) } else { Value::Array(unit.clone().map(event).collect()) };
                loop {
                    match publish(&client, &at, &key, &what).await {
                        Ok((200 | 202, answer)) => {
                            told.note(&answer);
                            break;
                        }
                        Ok((status @ 400..=499, answer)) => panic!("{status}: {answer}"),
                        Ok(_) | Err(_) => {
                            told.failures.fetch_add(1, Ordering::SeqCst);
                            tokio::time::sleep(Duration::from_millis(50)).await;
                        }
                    }
                }
            }
        })
    });
    let tasks = tasks.collect();
    (told, tasks)
}

impl Told {
    fn note(&self, answer: &Value) {
        let all = answer.as_array().map_or_else(|| std::slice::from_ref(answer), Vec::as_slice);
        for one in all {
            self.events.fetch_add(1, Ordering::SeqCst);
            let ids = one["delivery_ids"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
            self.deliveries.lock().unwrap().extend(ids);
        }
    }
}

/// Each event once in the database, with one delivery, which arrived; and what a platform was told is among it.
async fn reckon(at: &Installation, receiver: &Receiver, told: &Told, count: usize) {
    let expected = i64::try_from(count).unwrap();
    assert_eq!(told.events.load(Ordering::SeqCst), count);
    assert_eq!(at.number("SELECT COUNT(*) FROM events").await, expected, "events");
    assert_eq!(at.number("SELECT COUNT(*) FROM deliveries").await, expected, "deliveries");
    assert_eq!(at.number("SELECT COUNT(*) FROM (SELECT event_id FROM deliveries GROUP BY event_id) AS e").await, expected, "one each");
    let delivered = "SELECT COUNT(*) FROM deliveries WHERE state = 'delivered' AND next_attempt_at IS NULL AND lease_owner IS NULL";
    assert_eq!(at.number(delivered).await, expected, "delivered");
    receiver.came(|came| {
        assert_eq!(came.refused, 0, "every signature holds");
        assert_eq!(came.times.len(), count);
        assert!(told.deliveries.lock().unwrap().iter().all(|id| came.times.contains_key(id)), "what was promised arrived");
    });
}

fn random(least: usize, most: usize) -> usize {
    let bits = u16::from_le_bytes(hookwell::server::clock::random_bytes::<2>());
    least + usize::from(bits) % (most - least)
}

async fn kill_nine(at: Installation, kills: usize) {
    const COUNT: usize = 2000;
    let began = Instant::now();
    let at = Arc::new(at);
    let receiver = Receiver::start(SLOW).await;
    let set = {
        // The schema, the people and the webhook; the receiver's secret is known from here.
        let set = at.set_up(&receiver.url).await;
        receiver.verify_with(&set.secret);
        set
    };
    let mut server = at.serve().await;
    let (told, tasks) = platform(&at, &set.key, COUNT);
    let part = COUNT / (kills + 1);
    for number in 1..=kills {
        let answered = random(number * part - part / 2, number * part);
        within(Duration::from_secs(120), "events are taken", async || told.events.load(Ordering::SeqCst) >= answered).await;
        tokio::time::sleep(Duration::from_millis(u64::try_from(random(0, 60)).unwrap())).await;
        server.kill();
        println!("killed with {} events answered and {} delivered", told.events.load(Ordering::SeqCst), receiver.distinct());
        server = at.serve().await;
    }
    for task in tasks {
        tokio::time::timeout(Duration::from_secs(120), task).await.expect("in time").expect("published");
    }
    let waiting = "SELECT COUNT(*) FROM deliveries WHERE next_attempt_at IS NOT NULL";
    within(Duration::from_secs(120), "all is delivered", async || receiver.distinct() >= COUNT && at.number(waiting).await == 0).await;
    assert!(server.terminate().success());
    reckon(&at, &receiver, &told, COUNT).await;
    let repeated = receiver.repeated();
    assert!(repeated <= CONCURRENCY * kills, "{repeated} repetitions, more than can have been in flight");
    println!(
        "{COUNT} events, {kills} kills, {} answers missed, {repeated} attempts repeated, {:.1?}",
        told.failures.load(Ordering::SeqCst),
        began.elapsed()
    );
    Arc::into_inner(at).unwrap().finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_survives_kill_nine_on_sqlite() {
    kill_nine(Installation::sqlite(), 3).await;
}

/// A killed node's leases run out after 45 seconds, so this takes that long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_survives_kill_nine_on_postgres() {
    if let Some(at) = Installation::postgres().await {
        kill_nine(at, 2).await;
    }
}

async fn orderly(at: Installation) {
    const COUNT: usize = 400;
    let at = Arc::new(at);
    let receiver = Receiver::start(SLOW).await;
    let set = at.set_up(&receiver.url).await;
    receiver.verify_with(&set.secret);
    let server = at.serve().await;
    let (told, tasks) = platform(&at, &set.key, COUNT);
    within(Duration::from_secs(60), "events are taken", async || told.events.load(Ordering::SeqCst) >= COUNT / 3).await;
    let status = tokio::task::spawn_blocking(move || server.terminate()).await.unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(at.number("SELECT COUNT(*) FROM deliveries WHERE lease_owner IS NOT NULL").await, 0, "everything is given back");
    let before = receiver.distinct();
    let server = at.serve().await;
    for task in tasks {
        tokio::time::timeout(Duration::from_secs(60), task).await.expect("in time").expect("published");
    }
    // Nothing waits for a lease to run out.
    let waiting = "SELECT COUNT(*) FROM deliveries WHERE next_attempt_at IS NOT NULL";
    within(Duration::from_secs(40), "all is delivered", async || receiver.distinct() >= COUNT && at.number(waiting).await == 0).await;
    assert!(server.terminate().success());
    reckon(&at, &receiver, &told, COUNT).await;
    assert_eq!(receiver.repeated(), 0, "nothing is repeated");
    println!("{before} of {COUNT} delivered at the stop");
    Arc::into_inner(at).unwrap().finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orderly_stop_loses_and_repeats_nothing_on_sqlite() {
    orderly(Installation::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orderly_stop_loses_and_repeats_nothing_on_postgres() {
    if let Some(at) = Installation::postgres().await {
        orderly(at).await;
    }
}

/// It refuses to start, with exit code 2 and one sentence that has these parts.
fn refuses(output: &Output, parts: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(parts.iter().all(|part| text.contains(part)), "{parts:?} in {text}");
    assert!(!text.contains("panicked"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_the_same_file_refuses() {
    let mut at = Installation::sqlite();
    let server = at.serve().await;
    let first = std::mem::replace(&mut at.address, support::free_port());
    refuses(&at.run(&["serve"], ""), &["another hookwell runs on", "hookwell.db"]);
    // A port that is taken is named, too.
    let mut other = Installation::sqlite();
    other.address = first;
    refuses(&other.run(&["serve"], ""), &["HOOKWELL_LISTEN", &first.port().to_string()]);
    server.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wrong_key_or_none_refuses() {
    let at = Installation::sqlite();
    at.serve().await.kill();
    let key = at.data().join("master.key");
    let right = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    refuses(&at.run(&["serve"], ""), &["HOOKWELL_MASTER_KEY_FILE", "master.key"]);
    assert!(!key.exists(), "no key is made that opens nothing");
    let other = Installation::sqlite();
    other.serve().await.kill();
    std::fs::copy(other.data().join("master.key"), &key).unwrap();
    refuses(&at.run(&["serve"], ""), &["HOOKWELL_MASTER_KEY_FILE", "not the key"]);
    std::fs::write(&key, "not a key\n").unwrap();
    refuses(&at.run(&["serve"], ""), &["master.key"]);
    std::fs::write(&key, right).unwrap();
    at.serve().await.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_database_refuses() {
    let at = Installation::sqlite();
    at.serve().await.kill();
    at.execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', TRUE, x'00', 1)",
    )
    .await;
    refuses(&at.run(&["serve"], ""), &["newer version", "9999"]);
}

#[test]
fn a_wrong_setting_refuses_and_is_named() {
    let at = Installation::sqlite();
    for (name, value) in [("HOOKWELL_PUBLIC_URL", "ftp://x"), ("HOOKWELL_LISTEN", "nowhere"), ("HOOKWELL_LISTNE", "x")] {
        let output = at.command(&["serve"]).env(name, value).output().unwrap();
        refuses(&output, &[name]);
    }
    let output = at.command(&["serve"]).env("HOOKWELL_DATA_DIR", "/proc/nowhere").output().unwrap();
    refuses(&output, &["HOOKWELL_DATA_DIR", "/proc/nowhere"]);
    assert!(!at.data().exists(), "a refused start leaves nothing behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_binary_alone_runs_in_an_empty_folder() {
    let at = Installation::sqlite();
    let alone = at.dir.path().join("hookwell");
    std::fs::copy(support::BINARY, &alone).unwrap();
    let mut command = at.command_of(&alone, &["serve"]);
    command.env_clear().env("HOOKWELL_LISTEN", at.address.to_string());
    let server = at.ready(Server::of(command.stdout(Stdio::null()).spawn().unwrap())).await;
    let page = client().get(at.url("/sign-in")).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("/assets/style-"));
    assert!(server.terminate().success());
    assert!(Path::new(&at.data().join("hookwell.db")).exists());
}

/// The data folder as a small disk of its own, in a mount namespace that ends with the process.
fn small_disk(at: &Installation) -> Option<std::process::Command> {
    let namespaces: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    let works = |flags: &&&[&str]| {
        let script = format!("mount -t tmpfs -o size=1m tmpfs '{}'", at.data().display());
        let tried = std::process::Command::new("unshare").args(**flags).args(["sh", "-c", &script]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let flags = namespaces.iter().find(works)?;
    let script = format!(
        "mount -t tmpfs -o size=24m tmpfs '{data}' && cp -r copy/. '{data}' && exec '{}' serve",
        support::BINARY,
        data = at.data().display()
    );
    let mut args: Vec<&str> = flags.to_vec();
    args.extend(["sh", "-c", &script]);
    Some(at.command_of(Path::new("unshare"), &args))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_and_nothing_is_half_written() {
    let at = Installation::sqlite();
    let receiver = Receiver::start(Duration::ZERO).await;
    let set = at.set_up(&receiver.url).await;
    receiver.verify_with(&set.secret);
    let copy = at.dir.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    for file in std::fs::read_dir(at.data()).unwrap().map(|f| f.unwrap()) {
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    let Some(mut command) = small_disk(&at) else {
        println!("skipped: no mount namespace may be made here, so no small disk");
        return;
    };
    let server = at.ready(Server::of(command.stdout(Stdio::null()).spawn().unwrap())).await;
    let inside = Path::new("/proc").join(server.pid().to_string()).join("root").join(at.data().strip_prefix("/").unwrap());
    // Everything but 2 MiB is taken by somebody else.
    let filler = inside.join("filler");
    let size = |mib: u64| format!("of={};bs=1M;count={mib}", filler.display());
    let filled = std::process::Command::new("dd").arg("if=/dev/zero").args(size(20).split(';')).stderr(Stdio::null()).status().unwrap();
    println!("the filler: {filled}");

    let client = client();
    let large = |number: usize| {
        let mut one = event(number);
        one["data"]["note"] = json!("x".repeat(100_000));
        one
    };
    let (mut taken, mut refused) = (0, None);
    for number in 0..200 {
        match publish(&client, &at, &set.key, &large(number)).await.unwrap() {
            (202, _) => taken += 1,
            (status, problem) => {
                refused = Some((number, status, problem));
                break;
            }
        }
    }
    let (number, status, problem) = refused.expect("the disk is full at last");
    println!("{taken} events taken, then {status}: {problem}");
    assert_eq!(status, 503, "{problem}");
    assert!(problem["detail"].as_str().unwrap_or_default().contains("disk is full"), "{problem}");
    // It still answers, and once there is room the same event is taken as a new one: nothing of it was kept.
    assert_eq!(client.get(at.url("/healthz")).send().await.unwrap().status(), 200);
    std::fs::remove_file(&filler).unwrap();
    let (status, answer) = publish(&client, &at, &set.key, &large(number)).await.unwrap();
    assert_eq!((status, &answer["duplicate"]), (202, &json!(false)), "{answer}");
    within(Duration::from_secs(90), "all is delivered", async || receiver.distinct() == taken + 1).await;
    server.kill();
}
