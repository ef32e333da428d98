// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The client against real sockets and real TLS, with receivers that do what receivers should not.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;

use super::*;

/// More than any of this takes, unless something hangs.
const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(400);

/// A receiver on a port of this machine. Counts its connections, and hands over what it was sent.
struct Server {
    at: SocketAddr,
    connections: Arc<AtomicUsize>,
    heard: mpsc::Receiver<String>,
}

/// The head and the body of a request.
fn read_request(stream: &mut dyn Read) -> io::Result<String> {
    let mut reader = BufReader::new(stream);
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        if reader.read_line(&mut text)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let lower = text.to_lowercase();
    let length = lower.lines().find_map(|l| l.strip_prefix("content-length: "));
    let length = length.map_or(0, |n| n.parse().expect("a number"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(text + &String::from_utf8(body).expect("text"))
}

impl Server {
    /// `serve` is given each connection, and says what it read.
    fn new(serve: impl Fn(TcpStream) -> io::Result<String> + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let (send, heard) = mpsc::channel();
        let (count, serve) = (Arc::clone(&connections), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                let (serve, send) = (Arc::clone(&serve), send.clone());
                thread::spawn(move || {
                    let served = stream.and_then(|s| serve(s)).unwrap_or_else(|e| e.to_string());
                    let _ = send.send(served);
                });
            }
        });
        Server { at, connections, heard }
    }

    /// Reads a request, and writes this.
    fn answering(answer: &str) -> Server {
        let answer = answer.to_owned();
        Server::new(move |mut stream| {
            let request = read_request(&mut stream)?;
            stream.write_all(answer.as_bytes())?;
            Ok(request)
        })
    }

    /// The same by TLS.
    fn tls(config: ServerConfig) -> Server {
        let config = Arc::new(config);
        Server::new(move |stream| {
            let conn = rustls::ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut tls = rustls::StreamOwned::new(conn, stream);
            let request = read_request(&mut tls)?;
            tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")?;
            tls.conn.send_close_notify();
            tls.flush()?;
            Ok(request)
        })
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn heard(&self) -> String {
        self.heard.recv_timeout(LONG).expect("a connection was served")
    }
}

/// Trickles a byte whenever some time has passed, until the other side is gone.
fn trickle(stream: &mut TcpStream, bytes: impl Iterator<Item = u8>) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_millis(30)))?;
    for byte in bytes {
        stream.write_all(&[byte])?;
        match stream.read(&mut [0; 64]) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn guard(nets: &[&str]) -> Guard {
    Guard { allow: nets.iter().map(|n| n.parse().expect("a network")).collect() }
}

fn settings(url: &str) -> Settings {
    Settings {
        url: url.to_owned(),
        timeout: LONG,
        connect_timeout: LONG,
        ca: None,
        identity: None,
        proxy: None,
        guard: guard(&["127.0.0.0/8"]),
    }
}

/// A client for which names are what the table says, at every port.
fn resolving(settings: Settings, names: &[(&str, &[SocketAddr])]) -> Client {
    let names: HashMap<String, Vec<SocketAddr>> =
        names.iter().map(|(name, at)| ((*name).to_owned(), at.to_vec())).collect();
    let lookup: Lookup = Arc::new(move |host, port| match host.parse() {
        Ok(ip) => Ok(vec![SocketAddr::new(ip, port)]),
        Err(_) => names.get(host).cloned().ok_or_else(|| io::Error::other("no such name")),
    });
    Client::with_lookup(settings, lookup).expect("a client")
}

fn post(client: &Client) -> Result<Reply, Unreachable> {
    client.post(&[("webhook-id", "msg_1".to_owned())], b"{\"a\":1}").result
}

fn unreachable(client: &Client, kind: Reason) -> String {
    let said = post(client).expect_err("there is no answer");
    assert_eq!(said.kind, kind, "{}", said.what);
    for secret in ["T0KEN", "hunter2", "pass", "user"] {
        assert!(!said.what.contains(secret), "{}", said.what);
    }
    said.what
}

fn client(settings: Settings) -> Client {
    Client::new(settings).expect("a client")
}

/// A path that is a secret, as chats have them.
fn url(scheme: &str, at: SocketAddr) -> String {
    format!("{scheme}://{at}/hook/T0KEN?key=hunter2")
}

#[test]
fn a_post_is_sent_as_it_is_given_and_answered() {
    let server = Server::answering(
        "HTTP/1.1 202 Accepted\r\nretry-after: 7\r\ncontent-length: 12\r\n\r\n\x1b[31mqueued\n",
    );
    let reply = post(&client(settings(&url("http", server.at)))).expect("an answer");
    assert_eq!(reply.status, 202);
    assert_eq!(reply.retry_after, Some(RetryAfter::In(Duration::from_secs(7))));
    assert_eq!(reply.said, "\\u{1b}[31mqueued");
    let request = server.heard();
    assert!(request.starts_with("POST /hook/T0KEN?key=hunter2 HTTP/1.1\r\n"), "{request}");
    let lower = request.to_lowercase();
    let agent = format!("user-agent: lictor/{}\r\n", env!("CARGO_PKG_VERSION"));
    for line in ["webhook-id: msg_1\r\n", "content-length: 7\r\n", &agent] {
        assert!(lower.contains(line), "{request}");
    }
    assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
}

#[test]
fn what_must_not_be_dialled_is_refused_literally_by_name_and_in_odd_notations() {
    for (address, why) in [
        ("127.0.0.1", "loopback"),
        ("0.0.0.0", "this network"),
        ("10.0.0.1", "RFC 1918"),
        ("100.64.0.1", "RFC 6598"),
        ("169.254.169.254", "metadata"),
        ("172.16.0.1", "RFC 1918"),
        ("192.168.0.1", "RFC 1918"),
        ("198.18.0.1", "benchmarks"),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:169.254.169.254", "metadata"),
        ("64:ff9b::10.0.0.1", "RFC 1918"),
        ("2002:7f00:1::", "loopback"),
        ("fd00:ec2::254", "RFC 4193"),
        ("fe80::1", "link-local"),
        ("ff02::1", "multicast"),
    ] {
        let ip = ip(address);
        let host = if ip.is_ipv6() { format!("[{ip}]") } else { address.to_owned() };
        let public = |host: &str| Settings {
            guard: Guard::default(),
            ..settings(&format!("http://{host}/T0KEN"))
        };
        let said = unreachable(&resolving(public(&host), &[]), Reason::Refused);
        assert!(said.contains(why) && said.contains("allow = "), "{said}");
        let names: [(&str, &[SocketAddr]); 1] = [("inside.example", &[SocketAddr::new(ip, 80)])];
        let said = unreachable(&resolving(public("inside.example"), &names), Reason::Refused);
        assert!(said.contains("inside.example is ") && said.contains(why), "{said}");
        // What a proxy would dial in our place is judged all the same.
        let by_proxy = Settings { proxy: Some("http://127.0.0.1:9".into()), ..public(&host) };
        assert!(unreachable(&client(by_proxy), Reason::Refused).contains(why));
    }
    for odd in ["0x7f.1", "2130706433", "127.1", "0177.0.0.1", "localhost"] {
        for proxy in [None, Some("http://127.0.0.1:9".to_owned())] {
            let url = format!("http://{odd}:9/T0KEN");
            let odd = Settings { guard: Guard::default(), proxy, ..settings(&url) };
            unreachable(&client(odd), Reason::Refused);
        }
    }
}

#[test]
fn the_address_that_was_judged_is_the_one_that_is_dialled() {
    let meant = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let other = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    // The first answer is allowed; every one after it leads to a place that is not.
    let asked = Arc::new(AtomicUsize::new(0));
    let (count, first) = (Arc::clone(&asked), meant.at);
    let second = SocketAddr::new(ip("127.0.0.2"), other.at.port());
    let lookup: Lookup = Arc::new(move |_, _| {
        let n = count.fetch_add(1, Ordering::SeqCst);
        Ok(vec![if n == 0 { first } else { second }])
    });
    let only = Settings { guard: guard(&["127.0.0.1/32"]), ..settings("http://rebinds.example/") };
    let client = Client::with_lookup(only, lookup).expect("a client");
    assert_eq!(post(&client).expect("an answer").status, 200);
    assert_eq!(asked.load(Ordering::SeqCst), 1, "a second look-up could say something else");
    let said = unreachable(&client, Reason::Refused);
    assert!(said.contains("127.0.0.2"), "{said}");
    assert_eq!((meant.connections(), other.connections()), (1, 0));
}

#[test]
fn of_several_addresses_only_those_are_dialled_that_may_be() {
    let inside = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let server = Server::answering("HTTP/1.1 204 No Content\r\n\r\n");
    let first = SocketAddr::new(ip("127.0.0.2"), inside.at.port());
    let only = Settings { guard: guard(&["127.0.0.1/32"]), ..settings("http://two.example/") };
    let client = resolving(only, &[("two.example", &[first, server.at])]);
    assert_eq!(post(&client).expect("an answer").status, 204);
    assert_eq!((inside.connections(), server.connections()), (0, 1));
}

#[test]
fn a_redirect_is_not_followed() {
    let target = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    for status in [301, 302, 303, 307, 308] {
        let server = Server::answering(&format!(
            "HTTP/1.1 {status} Moved\r\nlocation: http://{}/latest/meta-data/\r\ncontent-length: 0\r\n\r\n",
            target.at
        ));
        let reply = post(&client(settings(&url("http", server.at)))).expect("an answer");
        assert_eq!(reply.status, status);
    }
    assert_eq!(target.connections(), 0);
}

#[test]
fn a_receiver_that_asks_for_time_is_heard_in_both_forms() {
    for (written, expected) in [
        ("120", 120),
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
        ("Sunday, 06-Nov-94 08:50:37 GMT", 60),
        ("Sun Nov  6 08:50:37 1994", 60),
    ] {
        let server = Server::answering(&format!(
            "HTTP/1.1 429 Too Many Requests\r\nretry-after: {written}\r\ncontent-length: 0\r\n\r\n"
        ));
        let reply = post(&client(settings(&url("http", server.at)))).expect("an answer");
        assert_eq!(reply.status, 429);
        let now = Moment(784_111_777 * 1_000_000_000);
        let wait = reply.retry_after.and_then(|after| after.from(now));
        assert_eq!(wait, Some(Duration::from_secs(expected)), "{written}");
    }
    for none in ["", "-1", "soon", "1.5", "Sun, 06 Nov 1994", "Thu, 01 Jan 1960 00:00:00 GMT"] {
        assert_eq!(RetryAfter::parse(none), None, "{none}");
    }
    let ever = RetryAfter::parse("99999999999999999999999").expect("it is a number");
    assert_eq!(ever.from(Moment(0)), Some(Duration::from_secs(u64::MAX)));
    assert_eq!(RetryAfter::At(Moment(5)).from(Moment(6)), None);
}

#[test]
fn a_receiver_that_hangs_costs_the_timeout_and_no_more() {
    let server = Server::new(|mut stream| {
        let request = read_request(&mut stream)?;
        stream.read_exact(&mut [0]).map(|()| request)
    });
    let hangs = Settings { timeout: SHORT, ..settings(&url("http", server.at)) };
    let answer = client(hangs).post(&[], b"");
    assert_eq!(answer.result.expect_err("no answer").kind, Reason::Timeout);
    assert!(answer.took >= SHORT && answer.took < LONG, "{:?}", answer.took);
}

#[test]
fn a_trickle_does_not_stretch_the_timeout() {
    let trickles = |begin: &'static [u8]| {
        Server::new(move |mut stream| {
            trickle(&mut stream, begin.iter().copied().chain(std::iter::repeat(b'x')))?;
            Ok(String::new())
        })
    };
    // The head of an answer, and a record of TLS that is never complete.
    let server = trickles(b"HTTP/1.1 200 OK\r\nx: ");
    let tls = trickles(&[0x16, 3, 3, 0x3f, 0xff]);
    let (ca, _) = authority("ours");
    for url in [url("http", server.at), url("https", tls.at)] {
        let answer = client(Settings { timeout: SHORT, ..by_ca(&url, &ca) }).post(&[], b"");
        assert_eq!(answer.result.expect_err("no answer").kind, Reason::Timeout, "{url}");
        assert!(answer.took < LONG, "{:?}", answer.took);
    }
    // A proxy that never finishes its answer to CONNECT.
    let by_proxy = Settings {
        timeout: SHORT,
        proxy: Some(format!("http://user:pass@{}", server.at)),
        ..settings("http://192.0.3.1/T0KEN")
    };
    let answer = client(by_proxy).post(&[], b"");
    assert_eq!(answer.result.expect_err("no answer").kind, Reason::Timeout);
    assert!(answer.took < LONG, "{:?}", answer.took);
}

#[test]
fn a_body_that_trickles_does_not_take_the_answer_away() {
    let server = Server::new(|mut stream| {
        let request = read_request(&mut stream)?;
        stream.write_all(b"HTTP/1.1 503 Busy\r\ncontent-length: 99999\r\n\r\nbusy")?;
        trickle(&mut stream, std::iter::repeat(b'.'))?;
        Ok(request)
    });
    let slow = Settings { timeout: SHORT, ..settings(&url("http", server.at)) };
    let answer = client(slow).post(&[], b"");
    assert!(answer.took < LONG, "{:?}", answer.took);
    let reply = answer.result.expect("an answer");
    assert_eq!(reply.status, 503);
    assert!(reply.said.starts_with("busy."), "{}", reply.said);
}

#[test]
fn of_an_endless_body_only_the_beginning_is_read() {
    let server = Server::new(|mut stream| {
        read_request(&mut stream)?;
        stream.write_all(b"HTTP/1.1 500 Oops\r\n\r\n")?;
        let block = "ä".repeat(32 * 1024);
        let mut written = 0;
        while stream.write_all(block.as_bytes()).is_ok() {
            written += block.len();
            assert!(written < 1 << 30, "a gigabyte was taken");
        }
        Ok(written.to_string())
    });
    let reply = post(&client(settings(&url("http", server.at)))).expect("an answer");
    assert_eq!((reply.status, reply.said), (500, "ä".repeat(512)));
    let written: usize = server.heard().parse().expect("a number");
    assert!(written < 64 << 20, "{written} bytes were taken");
}

#[test]
fn a_receiver_that_ends_without_an_answer_says_nothing_of_the_address() {
    // Closed with the request unread, which resets; closed behind it; no listener at all.
    let resets = Server::new(|stream| stream.shutdown(Shutdown::Both).map(|()| String::new()));
    let ends = Server::new(|mut stream| read_request(&mut stream));
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address")
    };
    for at in [resets.at, ends.at, gone] {
        let said = unreachable(&client(settings(&url("http", at))), Reason::Connect);
        assert!(said.contains(&at.to_string()), "{said}");
    }
    let babbles = Server::answering("220 mail.example ESMTP\r\n\r\n");
    unreachable(&client(settings(&url("http", babbles.at))), Reason::Protocol);
    let said = unreachable(&resolving(settings("http://no.example/T0KEN"), &[]), Reason::Name);
    assert!(said.contains("no.example"), "{said}");
}

#[test]
fn a_receiver_that_answers_and_hangs_up_before_it_has_read_everything_is_heard() {
    let server = Server::new(|mut stream| {
        stream.read_exact(&mut [0; 64])?;
        stream
            .write_all(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 9\r\n\r\ntoo large")?;
        Ok(String::new())
    });
    let answer = client(settings(&url("http", server.at))).post(&[], &vec![b'x'; 8 << 20]);
    let reply = answer.result.expect("an answer");
    assert_eq!((reply.status, reply.said.as_str()), (413, "too large"));
}

#[test]
fn a_connection_that_died_between_two_posts_costs_none_of_them() {
    // It promises to keep the connection, and closes it.
    let server =
        Server::answering("HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n");
    let client = client(settings(&url("http", server.at)));
    for n in 1..=5 {
        assert_eq!(post(&client).expect("an answer").status, 200);
        server.heard();
        assert_eq!(server.connections(), n);
    }
}

/// A certificate authority, in PEM, and what it signs by.
fn authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).expect("a certificate");
    (certificate.pem(), Issuer::new(params, key))
}

/// A certificate of an authority, and its key, in PEM.
fn signed(by: &Issuer<'static, KeyPair>, name: &str) -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    (params.signed_by(&key, by).expect("a certificate").pem(), key.serialize_pem())
}

/// A server with a certificate; `clients` is the authority whose certificate clients must have.
fn serving((chain, key): &(String, String), clients: Option<&str>) -> ServerConfig {
    let chain = read_certificates(chain.as_bytes(), "it").expect("a chain");
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            for root in read_certificates(ca.as_bytes(), "it").expect("a CA") {
                roots.add(root).expect("a root");
            }
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.expect("a verifier"))
        }
    };
    builder.with_single_cert(chain, key).expect("a server")
}

fn by_ca(url: &str, ca: &str) -> Settings {
    Settings { ca: Some(ca.as_bytes().to_vec()), ..settings(url) }
}

#[test]
fn a_receiver_is_known_by_its_certificate() {
    let (ca, issuer) = authority("ours");
    let (other, _) = authority("other");
    let (same_name, _) = authority("ours");
    let server = Server::tls(serving(&signed(&issuer, "hooks.example"), None));
    let names: [(&str, &[SocketAddr]); 2] =
        [("hooks.example", &[server.at]), ("wrong.example", &[server.at])];
    let to = "https://hooks.example/hook/T0KEN";

    let reply = post(&resolving(by_ca(to, &ca), &names)).expect("an answer");
    assert_eq!((reply.status, reply.said.as_str()), (200, "ok"));
    assert!(server.heard().ends_with("{\"a\":1}"));

    let wrong = by_ca("https://wrong.example/hook/T0KEN", &ca);
    let said = unreachable(&resolving(wrong, &names), Reason::Tls);
    assert!(said.contains("another name"), "{said}");
    for unknown in [other, same_name] {
        let said = unreachable(&resolving(by_ca(to, &unknown), &names), Reason::Tls);
        assert!(said.contains("authority") && said.contains("`ca`"), "{said}");
    }
    // Those of the system do not know it either.
    let said = unreachable(&resolving(settings(to), &names), Reason::Tls);
    assert!(said.contains("authority"), "{said}");
    let plain = Server::new(|mut stream| {
        stream.read_exact(&mut [0; 64])?;
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")?;
        stream.shutdown(Shutdown::Write)?;
        stream.read_to_end(&mut Vec::new()).map(|_| String::new())
    });
    let said = unreachable(&client(by_ca(&url("https", plain.at), &ca)), Reason::Tls);
    assert!(said.contains("does not speak TLS"), "{said}");
}

#[test]
fn an_address_can_have_a_certificate_too() {
    let (ca, issuer) = authority("ours");
    let server = Server::tls(serving(&signed(&issuer, "127.0.0.1"), None));
    let reply = post(&client(by_ca(&url("https", server.at), &ca)));
    assert_eq!(reply.expect("an answer").status, 200);
}

#[test]
fn a_client_shows_its_certificate_where_one_is_demanded() {
    let (ca, issuer) = authority("ours");
    let server = Server::tls(serving(&signed(&issuer, "127.0.0.1"), Some(&ca)));
    let to = url("https", server.at);
    let said = unreachable(&client(by_ca(&to, &ca)), Reason::Tls);
    assert!(said.contains("demands a certificate"), "{said}");

    let (chain, key) = signed(&issuer, "lictor.example");
    let pair = |chain: &str, key: &str| Settings {
        identity: Some((chain.as_bytes().to_vec(), key.as_bytes().to_vec())),
        ..by_ca(&to, &ca)
    };
    assert_eq!(post(&client(pair(&chain, &key))).expect("an answer").status, 200);

    let (_, of_another) = signed(&issuer, "lictor.example");
    let marked = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    for (chain, key) in
        [(&*chain, &*of_another), (&*chain, "hunter2"), ("hunter2", &*key), (&*chain, marked)]
    {
        let failure = Client::new(pair(chain, key)).err().expect("it is refused");
        assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
    }
}

/// Answers CONNECT, and connects to a place whatever is asked for.
fn connect_proxy(to: SocketAddr) -> Server {
    Server::new(move |mut stream| {
        let mut asked = String::new();
        {
            let mut reader = BufReader::new(stream.try_clone()?);
            while !asked.ends_with("\r\n\r\n") {
                reader.read_line(&mut asked)?;
            }
        }
        let target = TcpStream::connect(to)?;
        stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
        let (mut from, mut into) = (stream.try_clone()?, target.try_clone()?);
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut into);
            let _ = into.shutdown(Shutdown::Write);
        });
        let _ = io::copy(&mut &target, &mut stream);
        let _ = stream.shutdown(Shutdown::Write);
        Ok(asked)
    })
}

#[test]
fn a_proxy_is_told_where_to_connect_and_resolves_the_name() {
    let (ca, issuer) = authority("ours");
    let server = Server::tls(serving(&signed(&issuer, "hooks.example"), None));
    let proxy = connect_proxy(server.at);
    // The proxy may be inside; the receiver's name is not resolved here, and could not be.
    let settings = Settings {
        guard: Guard::default(),
        proxy: Some(format!("http://user:pass@{}", proxy.at)),
        ..by_ca("https://hooks.example/hook/T0KEN", &ca)
    };
    let client = resolving(settings, &[]);
    assert_eq!(post(&client).expect("an answer").status, 200);
    let asked = proxy.heard();
    assert!(asked.starts_with("CONNECT hooks.example:443 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"), "{asked}");
    assert!(!asked.contains("T0KEN"), "{asked}");
    assert_eq!(server.connections(), 1);

    let refusing = Server::answering("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    let settings = Settings {
        proxy: Some(format!("http://user:pass@{}", refusing.at)),
        ..settings_of("https://hooks.example/hook/T0KEN", &ca)
    };
    let said = unreachable(&resolving(settings, &[]), Reason::Protocol);
    assert!(said.contains("407") && said.contains("hooks.example"), "{said}");
}

fn settings_of(url: &str, ca: &str) -> Settings {
    Settings { guard: Guard::default(), ..by_ca(url, ca) }
}

/// Speaks SOCKS5 without a password, and connects to a place whatever is asked for.
fn socks_proxy(to: SocketAddr) -> Server {
    Server::new(move |mut stream| {
        stream.read_exact(&mut [0; 3])?;
        stream.write_all(&[5, 0])?;
        let mut head = [0; 4];
        stream.read_exact(&mut head)?;
        let mut asked = match head[3] {
            1 => vec![0; 4],
            3 => {
                let mut length = [0];
                stream.read_exact(&mut length)?;
                vec![0; length[0].into()]
            }
            _ => vec![0; 16],
        };
        stream.read_exact(&mut asked)?;
        stream.read_exact(&mut [0; 2])?;
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
        let mut target = TcpStream::connect(to)?;
        let request = read_request(&mut stream)?;
        target.write_all(request.as_bytes())?;
        let _ = io::copy(&mut target, &mut stream);
        Ok(format!("{} {}", head[3], String::from_utf8_lossy(&asked)))
    })
}

#[test]
fn socks_resolves_here_or_there_as_its_scheme_says() {
    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let proxy = socks_proxy(server.at);
    let by = |scheme: &str, host: &str| Settings {
        guard: Guard::default(),
        proxy: Some(format!("{scheme}://{}", proxy.at)),
        ..settings(&format!("http://{host}/T0KEN"))
    };
    let there = resolving(by("socks5h", "hooks.example"), &[]);
    assert_eq!(post(&there).expect("an answer").status, 200);
    assert_eq!(proxy.heard(), "3 hooks.example");

    let public: &[SocketAddr] = &[SocketAddr::new(ip("65.66.67.68"), 80)];
    let here = resolving(by("socks5", "hooks.example"), &[("hooks.example", public)]);
    assert_eq!(post(&here).expect("an answer").status, 200);
    assert_eq!(proxy.heard(), "1 ABCD");

    let inside: &[SocketAddr] = &[SocketAddr::new(ip("10.0.0.1"), 80)];
    let refused = resolving(by("socks5", "in.example"), &[("in.example", inside)]);
    unreachable(&refused, Reason::Refused);
    assert_eq!(proxy.connections(), 2);
}

#[test]
fn a_look_up_that_hangs_costs_the_timeout_and_no_more() {
    let (hold, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let lookup: Lookup = Arc::new(move |_, _| {
        let _ = held.lock().expect("no panic").recv();
        Ok(Vec::new())
    });
    let slow = Settings { connect_timeout: SHORT, ..settings("http://slow.example/T0KEN") };
    let client = Client::with_lookup(slow, lookup).expect("a client");
    let said = unreachable(&client, Reason::Timeout);
    assert!(said.contains("look-up of slow.example"), "{said}");
    drop(hold);
}

#[test]
fn what_is_configured_wrongly_is_told_without_repeating_it() {
    let with = |change: &dyn Fn(&mut Settings)| {
        let mut settings = settings("https://hooks.example/");
        change(&mut settings);
        let failure = Client::new(settings).err().expect("it is refused");
        let shown = format!("{failure:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        failure.message
    };
    for url in ["hunter2", "ftp://hunter2/", "https://", "https:///hunter2", "hunter2 hunter2"] {
        assert!(with(&|s| s.url = url.to_owned()).contains("the address"), "{url}");
    }
    for proxy in ["hunter2", "ftp://hunter2", "socks4://hunter2", "http://", "http://h unter2"] {
        let said = with(&|s| s.proxy = Some(proxy.to_owned()));
        assert!(said.contains("proxy"), "{proxy}: {said}");
    }
    let said = with(&|s| s.ca = Some(b"hunter2".to_vec()));
    assert!(said.contains("CA"), "{said}");
}
