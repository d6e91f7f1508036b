//! The address guard (PRODUCT.md §7): a webhook's URL is chosen by a person, and must not become a way into the operator's own network.
//!
//! Ranges: IANA's special-purpose address registries for IPv4 and IPv6 (RFC 6890), multicast, and what is deprecated or not allocated. The few
//! exceptions inside of those ranges (192.0.0.9, 2001:4:112::/48 and the like) are refused too: no receiver lives there.

#[cfg(test)]
mod tests;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use url::Host;

/// How long a look-up may take. A resolver that needs longer has an outage, and each one that waits holds a thread.
pub const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// Why an address or a host must not be called. The sentence names the range; it does not tell the address that a name has, which may be the
/// business of the operator's network alone. For the log, that is in the fields.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// The address is in a range that is not public.
    #[error("{} {range} ({net}). Webhooks may only go to public addresses, unless the operator allows more.", subject(.host))]
    Range {
        /// The host as given, where it is a name.
        host: Option<String>,
        /// The address.
        address: IpAddr,
        /// What the range is, to follow "is": `a loopback address`.
        range: &'static str,
        /// The range.
        net: IpNet,
    },
    /// The host's name is one of a private network.
    #[error(
        "The host {host} is a name of a private network ({rule}). Webhooks may only go to public hosts, unless the operator allows more."
    )]
    Name {
        /// The name.
        host: String,
        /// Which rule it fell under, e.g. `*.internal`.
        rule: &'static str,
    },
}

fn subject(host: &Option<String>) -> String {
    match host {
        Some(name) => format!("The host {name} has an address that is"),
        None => "The address is".to_owned(),
    }
}

/// Why a host gave no addresses to call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// There is no such name, or nobody who would tell. A sentence.
    #[error("{0}")]
    Dns(String),
    /// It must not be called.
    #[error(transparent)]
    Blocked(#[from] Blocked),
}

/// What may be called beside the public internet. The default is nothing.
#[derive(Debug, Clone, Default)]
pub struct AddressPolicy {
    /// Addresses that the operator allows.
    pub allow: Vec<IpNet>,
    /// Hosts that the operator allows, whatever their addresses: exact names or literal addresses, in any case.
    pub allow_hosts: Vec<String>,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix))
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix))
}

/// Each refused range and what it is. A narrower one stands before a wider one, for the better name. IPv6 outside of 2000::/3 is refused whether or
/// not it stands here.
const RANGES: [(IpNet, &str); 38] = [
    (v4(0, 0, 0, 0, 8), "an unspecified address of \"this network\""),
    (v4(10, 0, 0, 0, 8), "in a private network"),
    (v4(100, 64, 0, 0, 10), "in a provider's shared network (CGNAT)"),
    (v4(127, 0, 0, 0, 8), "a loopback address"),
    (v4(169, 254, 0, 0, 16), "a link-local address"),
    (v4(172, 16, 0, 0, 12), "in a private network"),
    (v4(192, 0, 0, 0, 24), "reserved for protocol assignments"),
    (v4(192, 0, 2, 0, 24), "reserved for documentation"),
    (v4(192, 88, 99, 0, 24), "a 6to4 relay"),
    (v4(192, 168, 0, 0, 16), "in a private network"),
    (v4(198, 18, 0, 0, 15), "reserved for benchmarking"),
    (v4(198, 51, 100, 0, 24), "reserved for documentation"),
    (v4(203, 0, 113, 0, 24), "reserved for documentation"),
    (v4(224, 0, 0, 0, 4), "a multicast address"),
    (v4(255, 255, 255, 255, 32), "the broadcast address"),
    (v4(240, 0, 0, 0, 4), "reserved for the future"),
    (v6(0, 0, 0, 128), "the unspecified address"),
    (IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128)), "a loopback address"),
    (IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96)), "an IPv4 address mapped into IPv6"),
    (v6(0, 0, 0, 96), "an IPv4-compatible IPv6 address"),
    (v6(0x64, 0xff9b, 0, 96), "a NAT64 address"),
    (v6(0x64, 0xff9b, 1, 48), "a NAT64 address"),
    (v6(0, 0, 0, 8), "reserved"),
    (v6(0x100, 0, 0, 64), "in the discard range"),
    (v6(0x2001, 0, 0, 32), "a Teredo address"),
    (v6(0x2001, 2, 0, 48), "reserved for benchmarking"),
    (v6(0x2001, 0x10, 0, 28), "an ORCHID"),
    (v6(0x2001, 0x20, 0, 28), "an ORCHID"),
    (v6(0x2001, 0, 0, 23), "reserved for protocol assignments"),
    (v6(0x2001, 0xdb8, 0, 32), "reserved for documentation"),
    (v6(0x2002, 0, 0, 16), "a 6to4 address"),
    (v6(0x3fff, 0, 0, 20), "reserved for documentation"),
    (v6(0x5f00, 0, 0, 16), "a segment routing identifier"),
    (v6(0xfc00, 0, 0, 7), "in a private network"),
    (v6(0xfe80, 0, 0, 10), "a link-local address"),
    (v6(0xfec0, 0, 0, 10), "a site-local address"),
    (v6(0xff00, 0, 0, 8), "a multicast address"),
    (v6(0x4000, 0, 0, 2), "not allocated to the public internet"),
];

/// The only IPv6 addresses that IANA gives out for the public internet.
const PUBLIC_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
const ALL_V6: IpNet = IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0));

/// Names of private networks, each with the rule as told.
const NAMES: [(&str, &str); 5] =
    [("localhost", "localhost"), ("local", "*.local"), ("internal", "*.internal"), ("svc", "*.svc"), ("cluster.local", "*.cluster.local")];

impl AddressPolicy {
    /// Whether this address may be called. An IPv4 address mapped into IPv6 is refused unless the operator allows it, in either form: the machine
    /// would connect to the IPv4 address.
    ///
    /// # Errors
    /// The range that it is in.
    pub fn check_ip(&self, address: IpAddr) -> Result<(), Blocked> {
        let embedded = match address {
            IpAddr::V6(v6) => v6.to_ipv4_mapped().map(IpAddr::V4),
            IpAddr::V4(_) => None,
        };
        if self.allow.iter().any(|net| net.contains(&address) || embedded.is_some_and(|v4| net.contains(&v4))) {
            return Ok(());
        }
        // Judged by what is embedded, for the better name: `::ffff:127.0.0.1` is a loopback address.
        match embedded.and_then(range_of).or_else(|| range_of(address)) {
            Some((net, range)) => Err(Blocked::Range { host: None, address, range, net }),
            None => Ok(()),
        }
    }

    /// Whether a host of this name may be looked up at all. Its addresses are another question.
    ///
    /// # Errors
    /// The rule that it falls under.
    pub fn check_host(&self, host: &str) -> Result<(), Blocked> {
        let name = normal(host);
        if self.allows_host(&name) {
            return Ok(());
        }
        let within = |suffix: &str| name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        match NAMES.iter().find(|(suffix, _)| within(suffix)) {
            Some((_, rule)) => Err(Blocked::Name { host: name, rule }),
            None => Ok(()),
        }
    }

    /// What can be said of a URL's host without a look-up.
    ///
    /// # Errors
    /// Why it must not be called.
    pub fn check_url_host(&self, host: &Host<&str>) -> Result<(), Blocked> {
        let literal = match host {
            Host::Domain(name) => return self.check_host(name),
            Host::Ipv4(address) => IpAddr::V4(*address),
            Host::Ipv6(address) => IpAddr::V6(*address),
        };
        if self.allows_host(&literal.to_string()) { Ok(()) } else { self.check_ip(literal) }
    }

    /// The addresses of a host, every one of them checked: connect to these and no others. A host of which a single address is refused is
    /// refused, so that nobody hides one among good ones. Takes any spelling that a URL may have: brackets, decimal, octal, other scripts.
    ///
    /// # Errors
    /// See [`LookupError`].
    pub async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, LookupError> {
        let parsed = match host.parse::<Ipv6Addr>() {
            Ok(bare) => Host::Ipv6(bare),
            Err(_) => Host::parse(host).map_err(|_| LookupError::Dns(format!("{host:?} is not a host name.")))?,
        };
        let name = match &parsed {
            Host::Domain(name) => {
                self.check_host(name)?;
                name
            }
            Host::Ipv4(address) => {
                self.check_url_host(&Host::Ipv4(*address))?;
                return Ok(vec![SocketAddr::from((*address, port))]);
            }
            Host::Ipv6(address) => {
                self.check_url_host(&Host::Ipv6(*address))?;
                return Ok(vec![SocketAddr::from((*address, port))]);
            }
        };
        let found = match tokio::time::timeout(LOOKUP_TIMEOUT, tokio::net::lookup_host((name.as_str(), port))).await {
            Ok(Ok(found)) => found.collect(),
            Ok(Err(_)) => Vec::new(),
            Err(_) => return Err(LookupError::Dns(format!("Looking up the host name {name} took longer than {LOOKUP_TIMEOUT:?}."))),
        };
        self.judge(name, found)
    }

    /// All of the addresses, or why not.
    fn judge(&self, name: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, LookupError> {
        if found.is_empty() {
            return Err(LookupError::Dns(format!("The host name {name} was not found.")));
        }
        if !self.allows_host(&normal(name)) {
            for address in &found {
                self.check_ip(address.ip()).map_err(|blocked| match blocked {
                    Blocked::Range { address, range, net, .. } => Blocked::Range { host: Some(name.to_owned()), address, range, net },
                    other => other,
                })?;
            }
        }
        Ok(found)
    }

    /// `name` as [`normal`] makes it.
    fn allows_host(&self, name: &str) -> bool {
        self.allow_hosts.iter().any(|allowed| normal(allowed) == name)
    }
}

/// A name as it is compared: without the dot of the root or the brackets of a literal, lowercased.
fn normal(host: &str) -> String {
    let host = host.trim();
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    bare.trim_end_matches('.').to_ascii_lowercase()
}

fn range_of(address: IpAddr) -> Option<(IpNet, &'static str)> {
    let named = RANGES.iter().find(|(net, _)| net.contains(&address)).copied();
    named.or_else(|| match address {
        IpAddr::V6(v6) if !PUBLIC_V6.contains(&v6) => Some((ALL_V6, "outside of the public internet")),
        _ => None,
    })
}
