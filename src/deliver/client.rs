// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! One POST to one endpoint, and what came of it. Whether it is sent again, and when, is decided
//! elsewhere.
//!
//! Every post has a connection of its own, closed behind it. One that is kept may have died
//! meanwhile, and of what was sent on it nobody could say whether it arrived; TLS sessions are
//! resumed, so that little is lost by that. Redirects are not followed. Nothing is taken from the
//! environment, no proxy in particular. The certificates of the system are those that it has for
//! OpenSSL, read when the client is made: on Linux a "platform verifier" reads the same files.

#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use ureq::config::AutoHeaderValue;
use ureq::http::{Response, Uri};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, RustlsConnector,
    SocksConnector, TcpConnector, Transport, time,
};
use ureq::{Agent, Body, Proxy, Timeout};

use super::guard::{self, Guard, Guarded, Lookup, Unresolved};
use crate::clock::{self, Moment};
use crate::diag::{Failure, visible};

/// The most of a response's body that is read.
const MOST_READ: u64 = 16 * 1024;
/// The most of it that is told.
const MOST_SAID: usize = 1024;

/// How an endpoint is reached.
pub struct Settings {
    /// `https://`, or `http://` where whoever makes this allows it.
    pub url: String,
    /// For the whole of a post, from the look-up of the name to the end of the response.
    pub timeout: Duration,
    /// For the look-up, and for the connection with its TLS.
    pub connect_timeout: Duration,
    /// PEM; instead of the certificates of the system.
    pub ca: Option<Vec<u8>>,
    /// PEM; the client's certificates and its key.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    /// `http://`, `https://` (by CONNECT, which has the name resolved by the proxy), `socks5h://`
    /// (the same) or `socks5://` (the name is resolved here); with a name and a password if need be.
    pub proxy: Option<String>,
    pub guard: Guard,
}

/// Posts to one endpoint.
pub struct Client {
    agent: Agent,
    url: Uri,
    /// Host and port, for people; of the rest of an address anything may be secret.
    place: String,
    /// What a proxy must not be asked to dial.
    judged: Option<Guard>,
    timeout: Duration,
    connect_timeout: Duration,
}

/// What came of a post.
#[derive(Debug)]
pub struct Answer {
    pub result: Result<Reply, Unreachable>,
    pub took: Duration,
}

/// What the receiver answered, whatever it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub retry_after: Option<RetryAfter>,
    /// The beginning of the response's body, at most 1 kB of it, made visible.
    pub said: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    pub kind: Reason,
    /// For people. Has no path, query or password.
    pub what: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The guard does not let it be dialled.
    Refused,
    /// The name has no address.
    Name,
    /// There is no connection, or it was lost.
    Connect,
    Tls,
    Timeout,
    /// What came is no HTTP, or the proxy does not want to.
    Protocol,
}

/// The header `Retry-After` (RFC 9110, 10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    In(Duration),
    At(Moment),
}

impl RetryAfter {
    /// Reads the header's value: seconds, or a date of any of the three forms of HTTP.
    pub fn parse(text: &str) -> Option<RetryAfter> {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            // More than can be counted is for ever.
            return Some(RetryAfter::In(Duration::from_secs(text.parse().unwrap_or(u64::MAX))));
        }
        let date = httpdate::parse_http_date(text).ok()?;
        let since = date.duration_since(UNIX_EPOCH).ok()?;
        Some(RetryAfter::At(Moment(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))))
    }

    /// How long that is from now on; as long as the receiver likes. None if it has passed.
    pub fn from(&self, now: Moment) -> Option<Duration> {
        match self {
            RetryAfter::In(wait) => Some(*wait),
            RetryAfter::At(then) => {
                let nanos = u64::try_from(then.0.saturating_sub(now.0)).ok()?;
                Some(Duration::from_nanos(nanos))
            }
        }
    }
}

impl Client {
    /// Makes a client. Nothing is sent.
    ///
    /// # Errors
    /// An address, a certificate or a key is none, or a key belongs to another certificate. No
    /// error repeats any of them.
    pub fn new(settings: Settings) -> Result<Client, Failure> {
        Client::with_lookup(settings, guard::system())
    }

    fn with_lookup(settings: Settings, lookup: Lookup) -> Result<Client, Failure> {
        let url: Uri = settings.url.parse().map_err(|_| no_address("the address"))?;
        let tls = match (url.scheme_str(), url.host()) {
            (Some("https"), Some(_)) => true,
            (Some("http"), Some(_)) => false,
            _ => return Err(no_address("the address")),
        };
        let proxy = settings.proxy.as_deref().map(read_proxy).transpose()?;
        let tls = tls || proxy.as_ref().is_some_and(|p| p.uri().scheme_str() == Some("https"));
        let config = Agent::config_builder()
            .proxy(proxy.clone())
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .max_idle_connections_per_host(0)
            .user_agent(concat!("lictor/", env!("CARGO_PKG_VERSION")))
            .accept(AutoHeaderValue::None)
            .timeout_global(Some(settings.timeout))
            .timeout_resolve(Some(settings.connect_timeout))
            .timeout_connect(Some(settings.connect_timeout))
            .tls_config(if tls { read_tls(&settings)? } else { TlsConfig::default() })
            .build();
        let connector =
            ().chain(SocksConnector::default())
                .chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default())
                .chain(Limit(settings.timeout))
                .chain(RustlsConnector::default());
        let judged = proxy.is_some().then(|| settings.guard.clone());
        let proxy = proxy.map(|p| p.uri().clone());
        let resolver = Guarded { guard: settings.guard, lookup, proxy };
        let host = visible(url.host().unwrap_or_default().as_bytes());
        Ok(Client {
            agent: Agent::with_parts(config, connector, resolver),
            place: url.port_u16().map_or(host.clone(), |port| format!("{host}:{port}")),
            url,
            judged,
            timeout: settings.timeout,
            connect_timeout: settings.connect_timeout,
        })
    }

    /// Posts a body, once.
    pub fn post(&self, headers: &[(&str, String)], body: &[u8]) -> Answer {
        let begun = clock::tick();
        let result = self.try_post(headers, body);
        Answer { result, took: begun.elapsed() }
    }

    fn try_post(&self, headers: &[(&str, String)], body: &[u8]) -> Result<Reply, Unreachable> {
        if let Some(judged) = &self.judged {
            let host = self.url.host().unwrap_or_default();
            let address = guard::literal(host);
            if let Some((address, why)) = address.and_then(|a| Some((a, judged.refuses(a)?))) {
                return Err(unresolved(&guard::refusal(host, address, why)));
            }
        }
        let mut request = self.agent.post(&self.url).header("connection", "close");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.send(body).map_err(|e| self.unreachable(&e))?;
        Ok(reply(response))
    }

    /// What went wrong, in words that hold nothing of the address but host and port.
    fn unreachable(&self, e: &ureq::Error) -> Unreachable {
        let place = &self.place;
        let is = |kind, what: String| Unreachable { kind, what };
        match e {
            ureq::Error::Other(e) if let Some(e) = e.downcast_ref::<Unresolved>() => unresolved(e),
            ureq::Error::HostNotFound => is(Reason::Name, format!("{place} has no address")),
            ureq::Error::Timeout(Timeout::Resolve) => is(
                Reason::Timeout,
                format!("the look-up of {place} took longer than {:?}", self.connect_timeout),
            ),
            ureq::Error::Timeout(Timeout::Connect) => is(
                Reason::Timeout,
                format!("no connection to {place} within {:?}", self.connect_timeout),
            ),
            ureq::Error::Timeout(_) => {
                is(Reason::Timeout, format!("no answer of {place} within {:?}", self.timeout))
            }
            ureq::Error::Rustls(e) => is(Reason::Tls, tls_words(place, e)),
            ureq::Error::Tls(_) | ureq::Error::TlsRequired => is(
                Reason::Tls,
                format!("no TLS with {place}: the host is no name for a certificate"),
            ),
            ureq::Error::Io(e) => {
                let inner = e.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
                match inner {
                    Some(e) => is(Reason::Tls, tls_words(place, e)),
                    None => is(Reason::Connect, io_words(place, e)),
                }
            }
            ureq::Error::ConnectProxyFailed(why) => {
                let why = visible(why.as_bytes());
                is(Reason::Protocol, format!("the proxy does not connect to {place}: {why}"))
            }
            ureq::Error::ConnectionFailed => {
                is(Reason::Connect, format!("cannot connect to {place}"))
            }
            ureq::Error::LargeResponseHeader(..) => {
                is(Reason::Protocol, format!("the head of the answer of {place} is too large"))
            }
            ureq::Error::Protocol(_) => {
                is(Reason::Protocol, format!("{place} does not answer in HTTP/1.1"))
            }
            // The others may repeat the address, and come of nothing that a receiver does.
            _ => is(Reason::Protocol, format!("nothing can be sent to {place}")),
        }
    }
}

fn unresolved(e: &Unresolved) -> Unreachable {
    match e {
        Unresolved::Refused(what) => Unreachable { kind: Reason::Refused, what: what.clone() },
        Unresolved::Unknown(what) => Unreachable { kind: Reason::Name, what: what.clone() },
    }
}

/// Whether the other side has ended the connection.
fn hung_up(e: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        e.kind(),
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof
    )
}

fn io_words(place: &str, e: &io::Error) -> String {
    if hung_up(e) {
        return format!("{place} closed the connection without an answer");
    }
    // The system's words; those of SOCKS name the proxy's reason.
    format!("cannot connect to {place}: {}", visible(e.to_string().as_bytes()))
}

fn tls_words(place: &str, e: &rustls::Error) -> String {
    let certificate = |what: &str| format!("the certificate of {place} {what}");
    match e {
        rustls::Error::InvalidCertificate(e) => match e {
            // The signature is bad where an authority has the name of a known one, and another key.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => certificate(
                "is of an authority that is not known here; name the authority's certificate with `ca`",
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                certificate("is for another name")
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                certificate("has expired")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                certificate("is not valid yet; compare the clocks")
            }
            CertificateError::Revoked => certificate("was revoked"),
            _ => certificate("cannot be used"),
        },
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => format!(
            "{place} demands a certificate of the client; name it with `certificate` and \
             `key`"
        ),
        rustls::Error::AlertReceived(alert) => {
            format!("{place} refuses the connection by TLS: {alert:?}")
        }
        rustls::Error::InvalidMessage(_) => format!("{place} does not speak TLS"),
        rustls::Error::PeerIncompatible(_) => format!("{place} offers nothing newer than TLS 1.1"),
        _ => format!("no TLS with {place}"),
    }
}

fn reply(mut response: Response<Body>) -> Reply {
    let retry_after = response.headers().get("retry-after").and_then(|v| v.to_str().ok());
    let retry_after = retry_after.and_then(RetryAfter::parse);
    let status = response.status().as_u16();
    let mut body = Vec::new();
    // The status is the answer. A body that breaks off, or comes too slowly, changes nothing.
    let _ = response.body_mut().as_reader().take(MOST_READ).read_to_end(&mut body);
    let body = body.trim_ascii();
    let mut end = body.len().min(MOST_SAID);
    while end < body.len() && end > 0 && body[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    Reply { status, retry_after, said: visible(&body[..end]) }
}

fn no_address(what: &str) -> Failure {
    Failure::config(format!("{what} is not of the form `https://host/path`"))
}

fn read_proxy(text: &str) -> Result<Proxy, Failure> {
    let wrong = || {
        Failure::config("the address of the proxy is none")
            .help("write `http://host:port`, `https://host:port`, `socks5://host:port` or `socks5h://host:port`")
    };
    let known = ["http://", "https://", "socks5://", "socks5h://"];
    if !known.iter().any(|scheme| text.starts_with(scheme)) {
        return Err(wrong());
    }
    let proxy = Proxy::new(text).map_err(|_| wrong())?;
    if proxy.host().is_empty() { Err(wrong()) } else { Ok(proxy) }
}

fn read_certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(list) if !list.is_empty() => Ok(list),
        _ => Err(Failure::config(format!("{what} is not PEM"))
            .help("it begins with `-----BEGIN CERTIFICATE-----`")),
    }
}

fn read_tls(settings: &Settings) -> Result<TlsConfig, Failure> {
    let mut store = RootCertStore::empty();
    let roots = match &settings.ca {
        Some(pem) => {
            let roots = read_certificates(pem, "the certificate of the CA")?;
            for root in &roots {
                let added = store.add(root.clone());
                added.map_err(|e| {
                    Failure::config("the certificate of the CA cannot be used").caused_by(e)
                })?;
            }
            roots
        }
        None => {
            let roots = rustls_native_certs::load_native_certs().certs;
            if store.add_parsable_certificates(roots.iter().cloned()).0 == 0 {
                return Err(Failure::new("the system has no certificates of authorities").help(
                    "install the package `ca-certificates`, or name a certificate with `ca`",
                ));
            }
            roots
        }
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::clone(&provider))
        .root_certs(RootCerts::from(roots.iter().map(|r| Certificate::from_der(r).to_owned())));
    let Some((chain, key)) = &settings.identity else { return Ok(builder.build()) };

    let chain = read_certificates(chain, "the certificate of the client")?;
    let no_key = || {
        Failure::config("the key of the client is not PEM without a password")
            .help("it begins with `-----BEGIN PRIVATE KEY-----`")
    };
    let tried = PrivateKeyDer::from_pem_slice(key).map_err(|_| no_key())?;
    let key = PrivateKey::from_pem(key).map_err(|_| no_key())?;
    // ureq panics on what does not fit together: it is tried here.
    let fits = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|b| b.with_root_certificates(store).with_client_auth_cert(chain.clone(), tried));
    fits.map_err(|e| {
        Failure::config("the key and the certificate of the client cannot be used together")
            .caused_by(e)
    })?;
    let chain: Vec<_> = chain.iter().map(|c| Certificate::from_der(c).to_owned()).collect();
    Ok(builder.client_cert(Some(ClientCert::new_with_certs(&chain, key))).build())
}

/// Holds a connection to the time of the whole post, and hears the last words of who hangs up.
/// ureq gives each read of a proxy's answer to CONNECT the whole time anew, which a proxy could
/// stretch as long as it likes; and it does not read any more once something cannot be sent.
#[derive(Debug)]
struct Limit(Duration);

impl<In: Transport> Connector<In> for Limit {
    type Out = Limited<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Limited<In>>, ureq::Error> {
        let begun = match details.now {
            time::Instant::Exact(at) => at,
            _ => clock::tick(),
        };
        Ok(chained.map(|inner| Limited { inner, until: begun.checked_add(self.0) }))
    }
}

struct Limited<T> {
    inner: T,
    until: Option<Instant>,
}

impl<T: Transport> Limited<T> {
    fn within(&self, mut timeout: NextTimeout) -> Result<NextTimeout, ureq::Error> {
        let Some(until) = self.until else { return Ok(timeout) };
        let left = until.saturating_duration_since(clock::tick());
        if left.is_zero() {
            return Err(ureq::Error::Timeout(Timeout::Global));
        }
        if *timeout.after > left {
            (timeout.after, timeout.reason) = (left.into(), Timeout::Global);
        }
        Ok(timeout)
    }
}

impl<T: Transport> fmt::Debug for Limited<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Limited").field(&self.inner).finish()
    }
}

impl<T: Transport> Transport for Limited<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let timeout = self.within(timeout)?;
        match self.inner.transmit_output(amount, timeout) {
            // An alert of TLS, or a status that did not wait for the body, may be there to be read.
            Err(ureq::Error::Io(e)) if hung_up(&e) => Ok(()),
            sent => sent,
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let timeout = self.within(timeout)?;
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
