//! Real sockets on the loopback interface, with scripted answers.

use super::*;
use crate::model::delivery::FailureKind as K;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, pki_types::PrivateKeyDer};

fn outbound() -> Outbound {
    Outbound::new(loopback(), "Hookwell/test").expect("a client")
}

fn loopback() -> Arc<AddressPolicy> {
    Arc::new(AddressPolicy { allow: vec!["127.0.0.0/8".parse().expect("a net")], allow_hosts: vec!["localhost".into()] })
}

fn to(url: impl Into<String>) -> Outgoing {
    let headers = vec![("X-Token".to_owned(), "s3cret".to_owned())];
    Outgoing { url: url.into(), headers, body: Bytes::from_static(b"{\"a\":1}"), timeout: Duration::from_secs(5) }
}

fn within(mut outgoing: Outgoing, millis: u64) -> Outgoing {
    outgoing.timeout = Duration::from_millis(millis);
    outgoing
}

/// Serves every connection with `script`; the address.
async fn server<F, R>(script: F) -> SocketAddr
where
    F: Fn(TcpStream) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(script(stream));
        }
    });
    address
}

/// One request: head and body. Empty when the other side is done.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"{\"a\":1}") {
        let mut one = [0; 512];
        match stream.read(&mut one).await {
            Ok(0) | Err(_) => break,
            Ok(n) => bytes.extend_from_slice(&one[..n]),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads a request, writes these bytes, closes.
async fn answering(answer: &'static [u8]) -> String {
    let address = server(move |mut stream| async move {
        request(&mut stream).await;
        let _ = stream.write_all(answer).await;
    })
    .await;
    format!("http://{address}/hook")
}

async fn failure(outgoing: Outgoing) -> Failure {
    outbound().send(outgoing).await.result.expect_err("a failure")
}

#[tokio::test]
async fn a_good_exchange_is_told_in_full() {
    let (send, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let address = server(move |mut stream| {
        let send = send.clone();
        async move {
            let _ = send.send(request(&mut stream).await);
            let _ = stream
                .write_all(b"HTTP/1.1 201 Created\r\nX-One: 1\r\nContent-Length: 7\r\nContent-Encoding: gzip\r\n\r\nh\xc3\xa9\xff\0lo")
                .await;
        }
    })
    .await;
    let exchange = outbound().send(to(format!("http://{address}/hook?q=1"))).await;
    let answer = exchange.result.as_ref().expect("a success");
    assert_eq!((answer.status, answer.body.as_str(), answer.truncated), (201, "hé\u{fffd}\u{fffd}lo", false));
    assert_eq!(answer.header("X-One"), Some("1"));
    assert_eq!(exchange.remote, Some(address));
    let timing = exchange.timing;
    assert!(timing.dns.is_none() && timing.connect.is_some(), "{timing:?}");
    assert!(timing.connect <= timing.first_byte && timing.first_byte <= Some(timing.total), "{timing:?}");
    let request = seen.recv().await.expect("a request").to_lowercase();
    assert!(request.starts_with("post /hook?q=1 http/1.1\r\n"), "{request}");
    for line in ["x-token: s3cret", "user-agent: hookwell/test", "content-length: 7"] {
        assert!(request.contains(&format!("\r\n{line}\r\n")), "{line} in {request}");
    }
    assert!(!request.contains("accept-encoding"), "a compressed answer would be kept as noise");
}

#[tokio::test]
async fn a_kept_connection_is_used_again_and_its_making_is_not_told_twice() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    let address = server(move |mut stream| {
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            while !request(&mut stream).await.is_empty() {
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
            }
        }
    })
    .await;
    let outbound = outbound();
    let url = format!("http://localhost:{}/", address.port());
    let first = outbound.send(to(&url)).await;
    assert!(first.result.is_ok() && first.timing.dns.is_some() && first.timing.connect.is_some(), "{first:?}");
    for _ in 0..3 {
        let again = outbound.send(to(&url)).await;
        assert!(again.result.is_ok() && again.timing.dns.is_none() && again.timing.connect.is_none(), "{again:?}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    let many = futures::future::join_all((0..20).map(|_| outbound.send(to(&url)))).await;
    assert!(many.iter().all(|exchange| exchange.result.is_ok()));
    let made = many.iter().filter(|exchange| exchange.timing.connect.is_some()).count();
    assert!(many.iter().all(|exchange| exchange.timing.dns.is_some() == exchange.timing.connect.is_some()));
    assert!(made < connections.load(Ordering::SeqCst), "each tells of its own connection alone");
}

#[tokio::test]
async fn a_connection_that_the_receiver_closed_meanwhile_is_replaced() {
    let url = answering(b"HTTP/1.1 204 No Content\r\n\r\n").await;
    let outbound = outbound();
    for _ in 0..3 {
        let exchange = outbound.send(to(&url)).await;
        assert!(exchange.result.is_ok() && exchange.timing.connect.is_some(), "{exchange:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn other_statuses_fail_with_what_was_answered() {
    let failed =
        failure(to(answering(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/?token=s3cret\r\nContent-Length: 0\r\n\r\n").await))
            .await;
    assert_eq!(
        (failed.kind, failed.message.as_str()),
        (K::Redirect, "The receiver answered 302 Found and pointed elsewhere. Redirects are not followed.")
    );
    let failed = failure(to(answering(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nwait").await)).await;
    assert_eq!((failed.kind, failed.message.as_str()), (K::HttpStatus, "The receiver answered 429 Too Many Requests."));
    let answer = failed.answer.expect("an answer");
    assert_eq!((answer.status, answer.header("retry-after"), answer.body.as_str()), (429, Some("7"), "wait"));
}

#[tokio::test]
async fn a_status_counts_however_the_body_ends() {
    let failed = failure(to(answering(b"HTTP/1.1 410 Gone\r\nContent-Length: 100\r\n\r\ncut").await)).await;
    let answer = failed.answer.expect("an answer");
    assert_eq!((failed.kind, answer.status, answer.body.as_str(), answer.truncated), (K::HttpStatus, 410, "cut", true));
}

#[tokio::test]
async fn no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let failed = failure(to(format!("http://{address}/"))).await;
    assert_eq!((failed.kind, failed.message.as_str()), (K::Connect, "127.0.0.1 refused the connection."));
    // To close with bytes unread resets.
    let address = server(|mut stream| async move {
        let _ = stream.read(&mut [0; 1]).await;
    })
    .await;
    assert_eq!(failure(to(format!("http://{address}/"))).await.kind, K::Connect);
    let failed = failure(to("http://no-such-host.invalid/?token=s3cret")).await;
    assert_eq!((failed.kind, failed.message.as_str()), (K::Dns, "The host name no-such-host.invalid was not found."));
}

#[tokio::test]
async fn blocked_addresses_are_not_called() {
    let called = Arc::new(AtomicUsize::new(0));
    let count = called.clone();
    let address = server(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async {}
    })
    .await;
    let strict = Outbound::new(Arc::default(), "Hookwell/test").expect("a client");
    let port = address.port();
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost", "LOCALHOST.", "user:s3cret@127.0.0.1"] {
        let failed = strict.send(to(format!("http://{host}:{port}/"))).await.result.expect_err("blocked");
        assert_eq!(failed.kind, K::BlockedAddress, "{host}: {}", failed.message);
        assert!(!failed.message.contains("s3cret"));
    }
    assert_eq!(called.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_resolver_itself_refuses() {
    // Whatever asks for a connection by name comes through here.
    let refused = Guarded(Arc::default()).resolve("localhost".parse().expect("a name")).await;
    let error = refused.err().expect("blocked");
    assert!(matches!(error.downcast_ref(), Some(crate::server::engine::address::LookupError::Blocked(_))), "{error}");
}

#[tokio::test]
async fn nothing_takes_longer_than_its_timeout() {
    let silent = server(|mut stream| async move {
        request(&mut stream).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
    })
    .await;
    let drips = |head: &'static [u8]| {
        server(move |mut stream| async move {
            request(&mut stream).await;
            let _ = stream.write_all(head).await;
            while stream.write_all(b"a").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
    };
    let (head, body) = (drips(b"HTTP/1.1 200 OK\r\nX-Slow: ").await, drips(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").await);
    for (address, message) in [
        (silent, "127.0.0.1 did not answer within 200 ms."),
        (head, "127.0.0.1 did not answer within 200 ms."),
        (body, "The answer was not complete within 200 ms."),
    ] {
        let exchange = outbound().send(within(to(format!("http://{address}/")), 200)).await;
        let failed = exchange.result.as_ref().expect_err("too long");
        assert_eq!((failed.kind, failed.message.as_str()), (K::Timeout, message));
        assert!((200_000..1_000_000).contains(&exchange.timing.total), "{:?}", exchange.timing);
        assert_eq!(failed.answer.is_some(), address == body);
    }
    // Does not answer the TLS handshake.
    let failed = failure(within(to(format!("https://{silent}/")), 200)).await;
    assert_eq!((failed.kind, failed.message.as_str()), (K::Timeout, "No connection to 127.0.0.1 could be made within 200 ms."));
}

#[tokio::test]
async fn long_bodies_are_cut_and_endless_ones_given_up() {
    let long = |length: usize| {
        server(move |mut stream| async move {
            request(&mut stream).await;
            let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nx").as_bytes()).await;
            let _ = stream.write_all("é".repeat(length / 2).as_bytes()).await;
        })
    };
    let exchange = outbound().send(to(format!("http://{}/", long(BODY_MAX - 1).await))).await;
    let answer = exchange.result.expect("a success");
    assert!(answer.truncated && answer.body.len() == BODY_KEPT - 1 && answer.body.ends_with('é'), "{}", answer.body.len());
    let failed = failure(to(format!("http://{}/", long(BODY_MAX + 1).await))).await;
    assert_eq!((failed.kind, failed.message.as_str()), (K::BodyTooLarge, "The answer's body is longer than 1024 KiB."));

    let endless = server(|mut stream| async move {
        request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        while stream.write_all(b"5\r\nhello\r\n").await.is_ok() {}
    })
    .await;
    let failed = failure(to(format!("http://{endless}/"))).await;
    assert_eq!(failed.kind, K::BodyTooLarge);
    assert!(failed.answer.is_some_and(|answer| answer.truncated && answer.body.len() == BODY_KEPT));
}

#[tokio::test]
async fn broken_answers() {
    for (answer, message) in [
        (&b""[..], "127.0.0.1 closed the connection without a complete answer."),
        (b"HTTP/1.1 200 OK\r\nX-Half", "127.0.0.1 closed the connection without a complete answer."),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "What 127.0.0.1 answered is not HTTP."),
        (b"\0\x01\x02\xff\xfe garbage \r\n\r\n", "What 127.0.0.1 answered is not HTTP."),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "What 127.0.0.1 answered is not HTTP."),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "The connection was closed before the answer was complete."),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "The connection was closed before the answer was complete."),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "The answer's body is not as HTTP asks for."),
    ] {
        let failed = failure(to(answering(answer).await)).await;
        assert_eq!((failed.kind, failed.message.as_str()), (K::Protocol, message), "{}", String::from_utf8_lossy(answer));
    }
    for (url, header) in [("not a url", "x"), ("ftp://example.com/", "x"), ("http://127.0.0.1/", "a\r\nb: c")] {
        let outgoing = Outgoing { headers: vec![("x".into(), header.into())], ..to(url) };
        let failed = failure(outgoing).await;
        assert_eq!(failed.kind, K::Protocol, "{url}");
    }
}

/// An authority, and a server with a certificate of it for `name`.
async fn tls_server(name: &str, change: impl FnOnce(&mut CertificateParams)) -> (SocketAddr, String) {
    let mut authority = CertificateParams::new(Vec::<String>::new()).expect("params");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    let root = authority.self_signed(&authority_key).expect("a root").pem();
    let issuer = Issuer::new(authority, authority_key);
    let mut leaf = CertificateParams::new([name.to_owned()]).expect("params");
    change(&mut leaf);
    let key = KeyPair::generate().expect("a key");
    let certificate = leaf.signed_by(&key, &issuer).expect("signed").der().clone();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let address = server(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            request(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
            let _ = stream.shutdown().await;
        }
    })
    .await;
    (address, root)
}

#[tokio::test]
async fn a_trusted_certificate_of_a_private_authority_will_do() {
    let (address, root) = tls_server("localhost", |_| {}).await;
    let outbound = Outbound::with_extra_roots(loopback(), "Hookwell/test", root.as_bytes()).expect("a client");
    let exchange = outbound.send(to(format!("https://localhost:{}/", address.port()))).await;
    assert_eq!(exchange.answer().map(|a| a.body.as_str()), Some("ok"), "{exchange:?}");
    assert!(exchange.timing.dns.is_some() && exchange.timing.connect.is_some());
    let not_pem = b"-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----";
    assert!(Outbound::with_extra_roots(loopback(), "Hookwell/test", not_pem).is_err());
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_told() {
    let past = |leaf: &mut CertificateParams| leaf.not_after = rcgen::date_time_ymd(2001, 1, 1);
    let future = |leaf: &mut CertificateParams| leaf.not_before = rcgen::date_time_ymd(2100, 1, 1);
    type Change = fn(&mut CertificateParams);
    let unchanged: Change = |_| {};
    let cases: [(&str, Change, bool, &str); 4] = [
        ("localhost", past, true, "The certificate of localhost has expired."),
        ("localhost", future, true, "The certificate of localhost is not valid yet."),
        ("other.example.com", unchanged, true, "The certificate is not for localhost, but for another name."),
        ("localhost", unchanged, false, "The certificate of localhost is not from an authority that is trusted here"),
    ];
    for (name, change, trusted, message) in cases {
        let (address, root) = tls_server(name, change).await;
        let pem = if trusted { root.as_bytes() } else { b"" };
        let outbound = Outbound::with_extra_roots(loopback(), "Hookwell/test", pem).expect("a client");
        let failed = outbound.send(to(format!("https://localhost:{}/", address.port()))).await.result.expect_err("refused");
        assert_eq!(failed.kind, K::Tls, "{}", failed.message);
        assert!(failed.message.starts_with(message), "{}", failed.message);
    }
}

#[tokio::test]
async fn what_does_not_speak_tls_is_told() {
    let plain = server(|mut stream| async move {
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let failed = failure(to(format!("https://{plain}/"))).await;
    assert_eq!((failed.kind, failed.message.as_str()), (K::Tls, "127.0.0.1 does not speak TLS at this port. Is it an http:// address?"));
    let closes = server(|mut stream| async move {
        let _ = stream.read(&mut [0; 4096]).await;
    })
    .await;
    let failed = failure(to(format!("https://{closes}/"))).await;
    assert_eq!((failed.kind, failed.message.as_str()), (K::Tls, "127.0.0.1 closed the connection during the TLS handshake."));
}
