//! Each range by its ends, its neighbours and its inside; each spelling of a host.

use super::*;
use proptest::prelude::*;

fn blocked(text: &str) -> Option<String> {
    AddressPolicy::default().check_ip(text.parse().expect(text)).err().map(|b| b.to_string())
}

#[test]
fn the_first_and_last_address_of_each_range_are_refused_by_name() {
    for (first, last, name) in [
        ("0.0.0.0", "0.255.255.255", "unspecified"),
        ("10.0.0.0", "10.255.255.255", "private network (10.0.0.0/8)"),
        ("100.64.0.0", "100.127.255.255", "CGNAT"),
        ("127.0.0.1", "127.255.255.255", "loopback"),
        ("169.254.169.254", "169.254.255.255", "link-local"),
        ("172.16.0.0", "172.31.255.255", "private"),
        ("192.0.0.0", "192.0.0.255", "protocol"),
        ("192.0.2.0", "192.0.2.255", "documentation"),
        ("192.88.99.0", "192.88.99.255", "6to4"),
        ("192.168.0.0", "192.168.255.255", "private"),
        ("198.18.0.0", "198.19.255.255", "benchmarking"),
        ("198.51.100.0", "198.51.100.255", "documentation"),
        ("203.0.113.0", "203.0.113.255", "documentation"),
        ("224.0.0.0", "239.255.255.255", "multicast"),
        ("240.0.0.0", "255.255.255.254", "future"),
        ("255.255.255.255", "255.255.255.255", "broadcast"),
        ("::", "::", "unspecified"),
        ("::1", "::1", "loopback"),
        ("::ffff:127.0.0.1", "::ffff:127.255.255.255", "loopback"),
        ("::ffff:8.8.8.8", "::ffff:1.1.1.1", "mapped"),
        ("::8.8.8.8", "::2", "IPv4-compatible"),
        ("64:ff9b::", "64:ff9b::ffff:ffff", "NAT64"),
        ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "NAT64"),
        ("100::", "100::ffff:ffff:ffff:ffff", "discard"),
        ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo"),
        ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "benchmarking"),
        ("2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "protocol"),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
        ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "6to4"),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
        ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "segment routing"),
        ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private"),
        ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"),
        ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local"),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"),
        ("4000::", "5eff::", "not allocated"),
        ("200::", "1fff::", "outside"),
        ("8000::", "fbff::", "outside"),
    ] {
        for address in [first, last] {
            let sentence = blocked(address);
            assert!(sentence.as_ref().is_some_and(|s| s.contains(name)), "{address}: {sentence:?}");
        }
    }
}

#[test]
fn their_public_neighbours_are_not() {
    for address in [
        "1.0.0.0",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
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
        "223.255.255.255",
        "2001:200::",
        "2001:db7::",
        "2001:db9::",
        "2003::",
        "2606:4700::1111",
        "2000::",
        "3ffe::",
        "3fff:1000::",
    ] {
        assert_eq!(blocked(address), None, "{address}");
    }
}

#[test]
fn the_operator_allows_networks() {
    let policy = AddressPolicy {
        allow: vec!["10.1.0.0/16".parse().expect("a net"), "fd00::/8".parse().expect("a net")],
        ..AddressPolicy::default()
    };
    for (address, ok) in
        [("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("10.2.0.0", false), ("fd12::1", true), ("fc00::1", false), ("8.8.8.8", true)]
    {
        assert_eq!(policy.check_ip(address.parse().expect("an address")).is_ok(), ok, "{address}");
    }
}

#[test]
fn names_of_private_networks_are_refused_however_they_are_written() {
    let policy = AddressPolicy { allow_hosts: vec!["Receiver.Internal.".into()], ..AddressPolicy::default() };
    for name in [
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "printer.local",
        "metadata.google.internal",
        "internal",
        "hooks.prod.svc",
        "x.svc.cluster.local.",
        "other.receiver.internal",
    ] {
        assert!(matches!(policy.check_host(name), Err(Blocked::Name { .. })), "{name}");
    }
    for name in
        ["example.com", "localhost.example.com", "mylocalhost", "notlocal", "svc.example.com", "receiver.internal", "RECEIVER.internal."]
    {
        assert_eq!(policy.check_host(name), Ok(()), "{name}");
    }
}

#[test]
fn every_spelling_of_an_address_in_a_url_is_the_address() {
    let policy = AddressPolicy::default();
    for url in [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://0x7f.1/",
        "http://127.0.0.1./",
        "http://0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[0:0:0:0:0:ffff:7f00:1]/",
        "http://①②⑦.0.0.1/",
        "http://127%2e0.0.1/",
        "http://user:pw@10.0.0.1:80/",
        "http://LOCALHOST/",
        "http://ｌocalhost/",
        "http://local%68ost/",
    ] {
        let url = url::Url::parse(url).expect(url);
        let host = url.host().expect("a host");
        assert!(policy.check_url_host(&host).is_err(), "{url}");
    }
}

#[tokio::test]
async fn literals_are_judged_without_a_look_up() {
    let policy = AddressPolicy { allow_hosts: vec!["127.0.0.7".into(), "[::1]".into()], ..AddressPolicy::default() };
    for (host, ok) in [
        ("93.184.216.34", true),
        ("[2606:4700::1111]", true),
        ("2606:4700::1111", true),
        ("127.0.0.7", true),
        ("::1", true),
        ("[::1]", true),
        ("127.0.0.1", false),
        ("2130706433", false),
        ("[::ffff:10.0.0.1]", false),
        ("fe80::1", false),
        ("localhost", false),
        ("a b", false),
        ("", false),
    ] {
        let found = policy.resolve(host, 443).await;
        assert_eq!(found.is_ok(), ok, "{host}: {found:?}");
    }
    assert_eq!(
        policy.resolve("no-such-host.invalid", 443).await,
        Err(LookupError::Dns("The host name no-such-host.invalid was not found.".into()))
    );
}

#[test]
fn one_bad_address_among_good_ones_is_enough_and_is_not_told() {
    let policy = AddressPolicy { allow_hosts: vec!["trusted.example.com".into()], ..AddressPolicy::default() };
    let found: Vec<SocketAddr> = ["93.184.216.34:443", "10.20.30.40:443"].iter().map(|a| a.parse().expect("an address")).collect();
    let error = policy.judge("hooks.example.com", found.clone()).expect_err("blocked").to_string();
    assert!(error.starts_with("The host hooks.example.com has an address that is in a private network (10.0.0.0/8)."), "{error}");
    assert!(!error.contains("10.20"), "{error}");
    assert_eq!(policy.judge("trusted.example.com", found.clone()), Ok(found.clone()));
    assert_eq!(policy.judge("hooks.example.com", found[..1].to_vec()), Ok(found[..1].to_vec()));
}

proptest! {
    #[test]
    fn nothing_inside_a_listed_range_gets_through(range in 0..RANGES.len(), bits in any::<u128>()) {
        let address: IpAddr = match RANGES[range].0 {
            IpNet::V4(net) => Ipv4Addr::from_bits(net.network().to_bits() | (bits as u32 & net.hostmask().to_bits())).into(),
            IpNet::V6(net) => Ipv6Addr::from_bits(net.network().to_bits() | (bits & net.hostmask().to_bits())).into(),
        };
        prop_assert!(RANGES[range].0.contains(&address));
        prop_assert!(AddressPolicy::default().check_ip(address).is_err());
    }

    #[test]
    fn nothing_of_v6_but_2000_3_gets_through(bits in any::<u128>()) {
        let address = Ipv6Addr::from_bits(bits);
        let allowed = AddressPolicy::default().check_ip(address.into()).is_ok();
        prop_assert!(!allowed || bits >> 125 == 1);
    }

    #[test]
    fn no_host_panics(host in ".*") {
        let _ = AddressPolicy::default().check_host(&host);
    }
}
