//! Which hosts are on this machine. Nothing else is looked up or reached.

use std::net::IpAddr;

/// The host to connect to instead: a loopback address, or `localhost`. `None` if it is elsewhere.
///
/// On this machine are loopback addresses, `localhost`, the names below it (RFC 6761), and the names
/// to which the machine's file of hosts gives a loopback address.
pub(crate) fn reached(host: &str) -> Option<String> {
    let hosts = || std::fs::read_to_string(HOSTS).unwrap_or_default();
    known(host, hosts)
}

fn known(host: &str, hosts: impl FnOnce() -> String) -> Option<String> {
    let host = host.trim_start_matches('[').trim_end_matches([']', '.']).to_ascii_lowercase();
    if let Ok(address) = host.parse::<IpAddr>() {
        return written(address);
    }
    if host == "localhost" || host.ends_with(".localhost") {
        return Some("localhost".to_owned());
    }
    hosts().lines().find_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let address: IpAddr = words.next()?.parse().ok()?;
        let names_it = words.any(|name| name.eq_ignore_ascii_case(&host));
        if names_it { written(address) } else { None }
    })
}

/// A loopback address as a URL writes it.
fn written(address: IpAddr) -> Option<String> {
    let text = match address {
        IpAddr::V4(it) => it.to_string(),
        IpAddr::V6(it) => format!("[{it}]"),
    };
    address.is_loopback().then_some(text)
}

/// The machine's own names.
const HOSTS: &str =
    if cfg!(windows) { r"C:\Windows\System32\drivers\etc\hosts" } else { "/etc/hosts" };

#[cfg(test)]
mod tests {
    use super::known;

    #[test]
    fn only_this_machine_is_known() {
        let hosts =
            "# 127.0.0.1 no.example\n127.0.1.1\tbox shop.example # here\n192.0.2.1 far.example\n";
        for (host, want) in [
            ("127.0.0.1", Some("127.0.0.1")),
            ("[::1]", Some("[::1]")),
            ("localhost", Some("localhost")),
            ("App.LocalHost", Some("localhost")),
            ("shop.example", Some("127.0.1.1")),
            ("far.example", None),
            ("no.example", None),
            ("192.0.2.1", None),
            ("twimlets.com", None),
            ("", None),
        ] {
            let got = known(host, || hosts.to_owned());
            assert_eq!(got.as_deref(), want, "{host}");
        }
    }
}
