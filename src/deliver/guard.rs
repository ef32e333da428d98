// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Which addresses may be dialled, so that an address in a configuration leads to nothing inside
//! the network that its operator did not allow (SSRF). Names are resolved here, and what was
//! judged is what is dialled: there is no second look-up that could say something else.
//!
//! By the registries of special-purpose addresses of IANA (RFC 6890, iana-ipv4-special-registry
//! and iana-ipv6-special-registry). The few assignments in them that are globally reachable are
//! no receivers of webhooks and are refused with the block they are in.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// The most addresses of a name that are tried.
const MAX_ADDRESSES: usize = 16;

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

const REFUSED_V4: [(Ipv4Net, &str); 17] = [
    (v4(0, 0, 0, 0, 8), "this network (RFC 791)"),
    (v4(10, 0, 0, 0, 8), "a private network (RFC 1918)"),
    (v4(100, 64, 0, 0, 10), "carrier-grade NAT (RFC 6598)"),
    (v4(127, 0, 0, 0, 8), "this machine (loopback)"),
    // Not in the registry: answers every machine of that cloud, and nobody else.
    (v4(168, 63, 129, 16, 32), "the metadata service of Azure"),
    (v4(169, 254, 0, 0, 16), "link-local, where clouds have their metadata (RFC 3927)"),
    (v4(172, 16, 0, 0, 12), "a private network (RFC 1918)"),
    (v4(192, 0, 0, 0, 24), "IETF protocol assignments (RFC 6890)"),
    (v4(192, 0, 2, 0, 24), "for documentation (RFC 5737)"),
    (v4(192, 88, 99, 0, 24), "6to4 relays (RFC 7526)"),
    (v4(192, 168, 0, 0, 16), "a private network (RFC 1918)"),
    (v4(198, 18, 0, 0, 15), "for benchmarks (RFC 2544)"),
    (v4(198, 51, 100, 0, 24), "for documentation (RFC 5737)"),
    (v4(203, 0, 113, 0, 24), "for documentation (RFC 5737)"),
    (v4(224, 0, 0, 0, 4), "multicast (RFC 5771)"),
    (v4(255, 255, 255, 255, 32), "broadcast (RFC 8190)"),
    (v4(240, 0, 0, 0, 4), "reserved (RFC 1112)"),
];

const REFUSED_V6: [(Ipv6Net, &str); 14] = [
    (v6(0x2001, 0, 0, 32), "Teredo (RFC 4380)"),
    (v6(0x2001, 2, 0, 48), "for benchmarks (RFC 5180)"),
    (v6(0x2001, 0x10, 0, 28), "ORCHID (RFC 4843)"),
    (v6(0x2001, 0x20, 0, 28), "ORCHID (RFC 7343)"),
    (v6(0x2001, 0, 0, 23), "IETF protocol assignments (RFC 2928)"),
    (v6(0x2001, 0xdb8, 0, 32), "for documentation (RFC 3849)"),
    (v6(0x3fff, 0, 0, 20), "for documentation (RFC 9637)"),
    (v6(0x64, 0xff9b, 1, 48), "NAT64 of a local network (RFC 8215)"),
    (v6(0x100, 0, 0, 64), "discarded (RFC 6666)"),
    (v6(0x5f00, 0, 0, 16), "segment routing (RFC 9602)"),
    (v6(0xfc00, 0, 0, 7), "a private network (RFC 4193)"),
    (v6(0xfe80, 0, 0, 10), "link-local (RFC 4291)"),
    (v6(0xfec0, 0, 0, 10), "site-local (RFC 3879)"),
    (v6(0xff00, 0, 0, 8), "multicast (RFC 4291)"),
];

/// What of IPv6 is given to somebody (RFC 4291, 2.4).
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

/// Which addresses may be dialled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    /// Networks that the operator allows, whatever they are.
    pub allow: Vec<IpNet>,
}

impl Guard {
    /// Why an address must not be dialled; None if it may. A network that is allowed is so too in
    /// the IPv6 notations that lead to it (mapped, NAT64, 6to4).
    pub fn refuses(&self, address: IpAddr) -> Option<&'static str> {
        let inner = match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(ip) => embedded(ip),
        };
        let allowed = |ip: IpAddr| self.allow.iter().any(|net| net.contains(&ip));
        if allowed(address) || inner.is_some_and(|ip| allowed(ip.into())) {
            return None;
        }
        match (address, inner) {
            (IpAddr::V4(ip), _) | (_, Some(ip)) => refused_v4(ip),
            (IpAddr::V6(ip), None) => refused_v6(ip),
        }
    }
}

fn refused_v4(ip: Ipv4Addr) -> Option<&'static str> {
    REFUSED_V4.iter().find(|(net, _)| net.contains(&ip)).map(|(_, why)| *why)
}

fn refused_v6(ip: Ipv6Addr) -> Option<&'static str> {
    if ip.is_unspecified() {
        return Some("no address (RFC 4291)");
    }
    if ip.is_loopback() {
        return Some("this machine (loopback)");
    }
    let listed = REFUSED_V6.iter().find(|(net, _)| net.contains(&ip)).map(|(_, why)| *why);
    listed.or((!GLOBAL_V6.contains(&ip)).then_some("outside what is given to anybody (RFC 4291)"))
}

/// The IPv4 address that is reached by an IPv6 address: mapped, NAT64, 6to4. The compatible
/// notation (`::1.2.3.4`) leads nowhere any more.
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let four = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(four(high, low))
        }
        [0x2002, high, low, ..] => Some(four(high, low)),
        _ => None,
    }
}

/// The address that a host is without asking anybody, in all notations that systems take for one
/// (`127.1`, `0x7f.0.0.1`, `2130706433`), and `localhost` (RFC 6761). What a proxy would make of
/// it is judged by this.
pub fn literal(host: &str) -> Option<IpAddr> {
    let host = host.strip_suffix('.').unwrap_or(host);
    if let Some(inside) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        let without_zone = inside.split_once('%').map_or(inside, |(ip, _)| ip);
        return without_zone.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    let name = host.to_ascii_lowercase();
    if name == "localhost" || name.ends_with(".localhost") {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    // As `inet_aton` reads it: the last number fills what the ones before it leave.
    let numbers: Option<Vec<u64>> = name.split('.').map(number).collect();
    let numbers = numbers?;
    let (last, before) = numbers.split_last()?;
    let rest = 4u32.checked_sub(u32::try_from(before.len()).ok()?).filter(|n| *n > 0)?;
    if before.iter().any(|n| *n > 255) || *last >= 1u64 << (8 * rest) {
        return None;
    }
    let high = before.iter().enumerate().map(|(n, byte)| byte << (24 - 8 * n)).sum::<u64>();
    u32::try_from(high + last).ok().map(|n| IpAddr::V4(n.into()))
}

/// A number as C writes it.
fn number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (&text[1..], 8),
        None => (text, 10),
    };
    let plain = digits.bytes().all(|b| b.is_ascii_alphanumeric());
    // C takes `0x` for nothing.
    if digits.is_empty() && radix == 16 {
        return Some(0);
    }
    u64::from_str_radix(digits, radix).ok().filter(|_| plain)
}

/// How names become addresses: the host without brackets, and the port.
pub type Lookup = Arc<dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync>;

/// By the system: its hosts file, its name servers.
pub fn system() -> Lookup {
    Arc::new(|host, port| (host, port).to_socket_addrs().map(Iterator::collect))
}

/// Why there is no address to dial, in words for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Unknown(String),
}

/// Refuses an address, with what to do about it.
pub fn refusal(host: &str, address: IpAddr, why: &str) -> Unresolved {
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let literal = host.trim_matches(['[', ']']) == address.to_string();
    let which = if literal { host.to_owned() } else { format!("{host} is {address}, which") };
    Unresolved::Refused(format!(
        "{which} must not be dialled: it is {why}; if it is meant, write `allow = [\"{address}/{bits}\"]` \
         or a network around it"
    ))
}

/// Resolves names, and keeps only what the guard lets pass.
pub struct Guarded {
    pub guard: Guard,
    pub lookup: Lookup,
    /// The proxy is dialled wherever it is: the operator wrote it.
    pub proxy: Option<Uri>,
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("guard", &self.guard).finish_non_exhaustive()
    }
}

impl Guarded {
    /// The addresses of all that a name has which may be dialled.
    fn keep(&self, host: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Unresolved> {
        let refused = found.iter().find_map(|a| Some((a.ip(), self.guard.refuses(a.ip())?)));
        let kept: Vec<SocketAddr> =
            found.into_iter().filter(|a| self.guard.refuses(a.ip()).is_none()).collect();
        match (kept.is_empty(), refused) {
            (false, _) => Ok(kept),
            (true, Some((address, why))) => Err(refusal(host, address, why)),
            (true, None) => Err(Unresolved::Unknown(format!("{host} has no address"))),
        }
    }
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        _: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let port = uri.port_u16().or(match uri.scheme_str() {
            Some("http") => Some(80),
            Some("https") => Some(443),
            Some(scheme) if scheme.starts_with("socks") => Some(1080),
            _ => None,
        });
        let (Some(host), Some(port)) = (uri.host(), port) else {
            return Err(ureq::Error::HostNotFound);
        };
        let bare = host.trim_matches(['[', ']']).to_owned();
        let lookup = Arc::clone(&self.lookup);
        let found = match timeout.not_zero() {
            None => lookup(&bare, port),
            Some(limit) => {
                // The system's look-up cannot be given a time. What is late ends by itself.
                let (send, receive) = mpsc::sync_channel(1);
                let ask = move || drop(send.send(lookup(&bare, port)));
                std::thread::Builder::new().name("resolve".into()).spawn(ask)?;
                match receive.recv_timeout(*limit) {
                    Ok(found) => found,
                    Err(RecvTimeoutError::Timeout) => {
                        return Err(ureq::Error::Timeout(timeout.reason));
                    }
                    Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("it panicked")),
                }
            }
        };
        let other = |e: Unresolved| ureq::Error::Other(Box::new(e));
        let found = found
            .map_err(|e| other(Unresolved::Unknown(format!("{host} cannot be resolved: {e}"))))?;
        let kept = if self.proxy.as_ref() == Some(uri) && !found.is_empty() {
            found
        } else {
            self.keep(host, found).map_err(other)?
        };
        let mut addresses = self.empty();
        kept.into_iter().take(MAX_ADDRESSES).for_each(|a| addresses.push(a));
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn allowing(nets: &[&str]) -> Guard {
        Guard { allow: nets.iter().map(|n| n.parse().expect("a network")).collect() }
    }

    /// Both ends of every range that is refused.
    const RANGES: [(&str, &str); 31] = [
        ("0.0.0.0", "0.255.255.255"),
        ("10.0.0.0", "10.255.255.255"),
        ("100.64.0.0", "100.127.255.255"),
        ("127.0.0.0", "127.255.255.255"),
        ("168.63.129.16", "168.63.129.16"),
        ("169.254.0.0", "169.254.255.255"),
        ("172.16.0.0", "172.31.255.255"),
        ("192.0.0.0", "192.0.0.255"),
        ("192.0.2.0", "192.0.2.255"),
        ("192.88.99.0", "192.88.99.255"),
        ("192.168.0.0", "192.168.255.255"),
        ("198.18.0.0", "198.19.255.255"),
        ("198.51.100.0", "198.51.100.255"),
        ("203.0.113.0", "203.0.113.255"),
        ("224.0.0.0", "239.255.255.255"),
        ("240.0.0.0", "255.255.255.255"),
        // Unspecified, loopback, the compatible notation.
        ("::", "::fffe:ffff:ffff"),
        ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
        ("100::", "100::ffff:ffff:ffff:ffff"),
        ("200::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("4000::", "5fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ];

    #[test]
    fn every_range_is_refused_from_end_to_end_and_allowed_by_its_network() {
        let guard = Guard::default();
        for (first, last) in RANGES {
            for text in [first, last] {
                assert!(guard.refuses(ip(text)).is_some(), "{text} passes");
                assert_eq!(allowing(&[&format!("{text}/8")]).refuses(ip(text)), None, "{text}");
            }
            let IpAddr::V4(four) = ip(first) else { continue };
            let [a, b, c, d] = four.octets();
            for text in [
                format!("::ffff:{four}"),
                format!("64:ff9b::{four}"),
                format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1"),
            ] {
                assert_eq!(guard.refuses(ip(&text)), guard.refuses(ip(first)), "{text}");
                assert_eq!(allowing(&[&format!("{four}/32")]).refuses(ip(&text)), None, "{text}");
            }
        }
    }

    #[test]
    fn what_stands_beside_the_ranges_passes() {
        let guard = Guard::default();
        for text in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "168.63.129.17",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "191.255.255.255",
            "192.0.1.0",
            "192.0.3.0",
            "192.88.98.255",
            "192.88.100.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.255",
            "198.51.101.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2000::",
            "2001:200::",
            "2001:db7:ffff::",
            "2001:db9::",
            "2606:4700::1111",
            "3ffe:ffff::",
            "3fff:1000::",
        ] {
            assert_eq!(guard.refuses(ip(text)), None, "{text}");
        }
    }

    #[test]
    fn only_what_is_allowed_is_allowed() {
        let guard = allowing(&["10.1.0.0/16", "fd00:1::/32"]);
        for text in ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "fd00:1::5"] {
            assert_eq!(guard.refuses(ip(text)), None, "{text}");
        }
        for text in ["10.2.0.0", "127.0.0.1", "::ffff:10.2.0.0", "fd00:2::", "::1", "::10.1.2.3"] {
            assert!(guard.refuses(ip(text)).is_some(), "{text}");
        }
    }

    #[test]
    fn an_address_is_known_in_every_notation() {
        for (host, expected) in [
            ("127.0.0.1", "127.0.0.1"),
            ("127.0.0.1.", "127.0.0.1"),
            ("127.1", "127.0.0.1"),
            ("127.0.1", "127.0.0.1"),
            ("0x7f.1", "127.0.0.1"),
            ("0X7F.0.0.0x1", "127.0.0.1"),
            ("0177.0.0.01", "127.0.0.1"),
            ("2130706433", "127.0.0.1"),
            ("0x7f000001", "127.0.0.1"),
            ("017700000001", "127.0.0.1"),
            ("0", "0.0.0.0"),
            ("0x", "0.0.0.0"),
            ("10.65536", "10.1.0.0"),
            ("localhost", "127.0.0.1"),
            ("LOCALHOST.", "127.0.0.1"),
            ("a.localhost", "127.0.0.1"),
            ("[::1]", "::1"),
            ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1"),
            ("[fe80::1%25eth0]", "fe80::1"),
        ] {
            assert_eq!(literal(host), Some(ip(expected)), "{host}");
        }
        for host in [
            "",
            ".",
            "example.org",
            "1.2.3.4.5",
            "256.0.0.1",
            "1.2.3.256",
            "4294967296",
            "127.0.0.1.example.org",
            "08.0.0.1",
            "+1",
            "1.-2",
            "mylocalhost",
            "99999999999999999999999",
        ] {
            assert_eq!(literal(host), None, "{host}");
        }
    }

    #[test]
    fn of_a_name_with_several_addresses_only_the_allowed_remain() {
        let guarded = Guarded { guard: Guard::default(), lookup: system(), proxy: None };
        let at = |texts: &[&str]| texts.iter().map(|t| SocketAddr::new(ip(t), 443)).collect();
        let kept = guarded.keep("a.example", at(&["10.0.0.1", "8.8.8.8", "::1"]));
        assert_eq!(kept, Ok(at(&["8.8.8.8"])));
        let Err(Unresolved::Refused(said)) = guarded.keep("a.example", at(&["10.0.0.1", "::1"]))
        else {
            panic!("it is refused")
        };
        assert!(said.contains("a.example is 10.0.0.1, which"), "{said}");
        assert!(said.contains("RFC 1918") && said.contains("allow = [\"10.0.0.1/32\"]"), "{said}");
        let none = guarded.keep("a.example", Vec::new());
        assert!(matches!(none, Err(Unresolved::Unknown(_))), "{none:?}");
    }
}
