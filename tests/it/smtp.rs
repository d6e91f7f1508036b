//! A mail server on loopback: RFC 5321's commands over TCP, keeps what it takes, and refuses whom it is told to.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A message that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    /// Head and text, as sent.
    pub text: String,
}

impl Taken {
    /// A header's value; folded lines are one.
    pub fn header(&self, name: &str) -> String {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        let prefix = format!("{name}: ");
        head.lines().find_map(|l| l.strip_prefix(prefix.as_str())).unwrap_or_default().to_owned()
    }
}

#[derive(Default)]
struct State {
    taken: Vec<Taken>,
    refused: HashSet<String>,
}

#[derive(Clone)]
pub struct MailServer {
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl MailServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { url: format!("smtp://{}", listener.local_addr().unwrap()), state: Arc::default() };
        let state = Arc::clone(&server.state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&state)));
            }
        });
        server
    }

    /// Refuses mail to this address from now on, or takes it again.
    pub fn refuse(&self, address: &str, refuse: bool) {
        let refused = &mut self.state.lock().unwrap().refused;
        if refuse {
            refused.insert(address.to_owned())
        } else {
            refused.remove(address)
        };
    }

    /// What was taken, oldest first.
    pub fn taken(&self) -> Vec<Taken> {
        self.state.lock().unwrap().taken.clone()
    }
}

fn address(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

async fn converse(stream: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test ESMTP\r\n").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.split([' ', ':', '\r']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match command.as_str() {
            "EHLO" => "250-test\r\n250 8BITMIME\r\n".to_owned(),
            "MAIL" => {
                (from, to) = (address(&line), Vec::new());
                "250 ok\r\n".to_owned()
            }
            "RCPT" if state.lock().unwrap().refused.contains(&address(&line)) => "550 5.1.1 no such user here\r\n".to_owned(),
            "RCPT" => {
                to.push(address(&line));
                "250 ok\r\n".to_owned()
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                loop {
                    let mut line = String::new();
                    if stream.read_line(&mut line).await? == 0 {
                        return Ok(());
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                state.lock().unwrap().taken.push(Taken { from: from.clone(), to: to.clone(), text });
                "250 taken\r\n".to_owned()
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            "RSET" | "NOOP" => "250 ok\r\n".to_owned(),
            _ => "502 not known\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}
