//! Connection strings as teams have them.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;
use trust::Names;

use crate::error::StoreError;

mod parameters;

use parameters::{KNOWN, OTHERS, READ, REFUSED};

/// A database, and how it is reached.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) config: Config,
    /// Where a connection leaves this machine.
    pub(crate) tls: Option<MakeRustlsConnect>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Target {
    /// The role in the database. Supabase's pooler wants the project behind a dot, `voice_app.abcdef`,
    /// and takes it off again.
    pub(crate) fn role(&self) -> Option<&str> {
        let user = self.config.get_user()?;
        if self.is_at(SUPABASE_POOLER) {
            Some(user.rsplit_once('.').map_or(user, |(role, _)| role))
        } else {
            Some(user)
        }
    }

    /// Whether it is reached through Supabase's pooler at the port on which each transaction gets
    /// another session.
    pub(crate) fn is_supabase_transaction_pooler(&self) -> bool {
        self.is_at_supabase() && self.config.get_ports().contains(&6543)
    }

    pub(crate) fn is_at_supabase(&self) -> bool {
        self.is_at(SUPABASE_POOLER) || self.is_at(".supabase.co")
    }

    fn is_at(&self, domain: &str) -> bool {
        self.config.get_hosts().iter().any(|host| match host {
            Host::Tcp(name) => name.ends_with(domain),
            #[cfg(unix)]
            Host::Unix(_) => false,
        })
    }
}

const SUPABASE_POOLER: &str = ".pooler.supabase.com";

/// Reads a connection string and sets the time limits that it leaves open.
///
/// A remote host is reached by TLS or not at all, unless the string says `sslmode=disable`, and its
/// certificate is always verified.
pub(crate) fn parse(text: &str) -> Result<Target, StoreError> {
    read(text).map_err(StoreError::Url)
}

/// As [`parse`]. A fault is the rest of a sentence that begins with the connection string, and has nothing
/// of the password.
fn read(text: &str) -> Result<Target, String> {
    let text = text.trim();
    let first = text.chars().next().unwrap_or_default();
    if matches!(first, '"' | '\'') {
        return Err("is in quotes: take them off".to_owned());
    }
    if text.contains("[YOUR-PASSWORD]") {
        return Err("still has [YOUR-PASSWORD] in it: put the role's password there".to_owned());
    }
    let mut given = match text.split_once("://") {
        Some(("postgres" | "postgresql", rest)) => Given::from_url(rest)?,
        Some((scheme, _)) if is_word(scheme) => {
            return Err(format!("begins with {scheme}://: let it begin with postgres://"));
        }
        _ => Given::from_words(text)?,
    };
    let tls = given.take_tls()?;
    given.leave_out_what_others_read()?;
    let mut config = given.config()?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err("names no host: postgres://role:password@host:5432/database".to_owned());
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(3));
    }
    config.tcp_user_timeout(Duration::from_secs(5));
    config.application_name("switchroom");
    let tls = match tls.mode {
        Mode::Never => None,
        Mode::Always => Some(tls),
        Mode::Remote => leaves_machine(&config).then_some(tls),
    };
    config.ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
    let tls = tls.map(Tls::connector).transpose()?;
    Ok(Target { config, tls })
}

/// What a string says, name by name.
#[derive(Default)]
struct Given {
    password: Option<Vec<u8>>,
    others: Vec<(String, String)>,
}

impl Given {
    /// Reads a URL from behind its scheme.
    fn from_url(rest: &str) -> Result<Self, String> {
        let mut given = Self::default();
        let (credentials, rest) = rest.split_once('@').map_or((None, rest), |(c, r)| (Some(c), r));
        // A second one shows that the first one was in the password, and what follows may be of it too.
        let is_doubtful = credentials.is_some() && rest.contains('@');
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (hosts, rest) = rest.split_at(end);
        if hosts.contains('@') {
            return Err(SPECIAL.to_owned());
        }
        if let Some(credentials) = credentials {
            let (user, password) = credentials.split_once(':').unzip();
            given.add("user", decode(user.unwrap_or(credentials))?);
            given.password = password.map(|text| percent_decode_str(text).collect());
        }
        given.add_hosts(hosts)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let database = path.strip_prefix('/').unwrap_or_default();
        if !database.is_empty() {
            given.add("dbname", decode(database)?);
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(SPECIAL)?;
            let name = decode(name)?;
            if is_doubtful && !KNOWN.contains(&&*name) {
                return Err(SPECIAL.to_owned());
            }
            given.add(&name, decode(value)?);
        }
        given.take_password();
        Ok(given)
    }

    fn add_hosts(&mut self, hosts: &str) -> Result<(), String> {
        if hosts.is_empty() {
            return Ok(());
        }
        let (mut names, mut ports) = (Vec::new(), Vec::new());
        for host in hosts.split(',') {
            let (name, port) = match host.strip_prefix('[') {
                Some(rest) => {
                    let fault = "has an IPv6 address without its end: [2001:db8::1]:5432";
                    let (name, rest) = rest.split_once(']').ok_or(fault)?;
                    (name, rest.strip_prefix(':').unwrap_or_default())
                }
                None if host.matches(':').count() > 1 => {
                    let fault = "has an IPv6 address without brackets: [2001:db8::1]:5432";
                    return Err(fault.to_owned());
                }
                None => host.split_once(':').unwrap_or((host, "")),
            };
            names.push(decode(name)?);
            ports.push(if port.is_empty() { "5432" } else { port });
        }
        self.add("host", names.join(","));
        self.add("port", ports.join(","));
        Ok(())
    }

    /// Reads `host=db.example.com user=voice_app …`, as libpq does.
    fn from_words(text: &str) -> Result<Self, String> {
        let mut given = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=').ok_or(NOTHING)?;
            let name = name.trim();
            if !is_word(name) {
                return Err(NOTHING.to_owned());
            }
            let (value, after) = word(after.trim_start())?;
            given.add(name, value);
            rest = after.trim_start();
        }
        if given.others.is_empty() {
            return Err(NOTHING.to_owned());
        }
        given.take_password();
        Ok(given)
    }

    fn add(&mut self, name: &str, value: String) {
        self.others.push((name.to_owned(), value));
    }

    /// The last value of a name, which is there no longer.
    fn take(&mut self, name: &str) -> Option<String> {
        let mut last = None;
        self.others.retain_mut(|(given, value)| {
            let is_other = given != name;
            if !is_other {
                last = Some(std::mem::take(value));
            }
            is_other
        });
        last
    }

    fn take_password(&mut self) {
        if let Some(password) = self.take("password") {
            self.password = Some(password.into_bytes());
        }
    }

    fn take_tls(&mut self) -> Result<Tls, String> {
        let roots = self.take("sslrootcert").filter(|file| !file.is_empty());
        let mode = self.take("sslmode");
        let (mode, names) = match mode.as_deref() {
            Some("disable") => (Mode::Never, Names::Compared),
            // libpq would go on without TLS, or without a look at the certificate. Nothing here does.
            None | Some("allow" | "prefer") if roots.is_none() => (Mode::Remote, Names::Compared),
            None | Some("allow" | "prefer" | "require" | "verify-full") => {
                (Mode::Always, Names::Compared)
            }
            Some("verify-ca") => {
                if roots.as_deref().is_none_or(|file| file == "system") {
                    let fault = "has sslmode=verify-ca without an authority of its own, so that anybody \
                                 with a certificate would be believed: set sslrootcert=/path/to/ca.pem, \
                                 or sslmode=verify-full";
                    return Err(fault.to_owned());
                }
                (Mode::Always, Names::Any)
            }
            Some(_) => {
                let fault = "has an sslmode that is none of disable, allow, prefer, require, verify-ca and \
                             verify-full: set sslmode=verify-full";
                return Err(fault.to_owned());
            }
        };
        Ok(Tls { mode, names, roots })
    }

    /// Takes out what means something to another program only, and refuses what would have to mean
    /// something here.
    fn leave_out_what_others_read(&mut self) -> Result<(), String> {
        for name in OTHERS {
            self.take(name);
        }
        for (name, fix) in REFUSED {
            if self.take(name).is_some() {
                return Err(format!("has {name}, which is not read here: {fix}"));
            }
        }
        if let Some(value) = self.take("sslaccept").filter(|value| value != "strict") {
            let value = if is_word(&value) { &value } else { "another value" };
            return Err(format!(
                "has sslaccept={value}: certificates are always verified; name the authority of the \
                 database by sslrootcert=/path/to/ca.pem"
            ));
        }
        if self.take("gssencmode").is_some_and(|value| value == "require") {
            return Err("has gssencmode=require, which is not supported: use TLS".to_owned());
        }
        match self.take("target_session_attrs").as_deref() {
            None => {}
            Some("any") => self.add("target_session_attrs", "any".to_owned()),
            Some("read-write" | "primary") => {
                self.add("target_session_attrs", "read-write".to_owned());
            }
            Some(_) => {
                let fault = "has a target_session_attrs that leads to a server without writes: set \
                             target_session_attrs=read-write";
                return Err(fault.to_owned());
            }
        }
        if let Some(count) = self.take("keepalives_count") {
            self.add("keepalives_retries", count);
        }
        match self.others.iter().find(|(name, _)| !READ.contains(&&**name)) {
            Some((name, _)) if is_word(name) => {
                Err(format!("has the parameter {name}, which is not known: take it out"))
            }
            Some(_) => Err(SPECIAL.to_owned()),
            None => Ok(()),
        }
    }

    fn config(self) -> Result<Config, String> {
        let words: Vec<String> = self
            .others
            .iter()
            .map(|(name, value)| {
                let value = value.replace('\\', "\\\\").replace('\'', "\\'");
                format!("{name}='{value}'")
            })
            .collect();
        // Its errors name the parameter at most.
        let mut config: Config =
            words.join(" ").parse().map_err(|error: tokio_postgres::Error| {
                let source = std::error::Error::source(&error).map(ToString::to_string);
                format!("cannot be used: {}", source.unwrap_or_default())
            })?;
        if let Some(password) = self.password {
            config.password(password);
        }
        Ok(config)
    }
}

/// The next word of a string of words, and the rest.
fn word(text: &str) -> Result<(String, &str), String> {
    let (is_quoted, text) = text.strip_prefix('\'').map_or((false, text), |text| (true, text));
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            '\'' if is_quoted => return Ok((value, &text[at + 1..])),
            _ if !is_quoted && letter.is_whitespace() => return Ok((value, &text[at..])),
            _ => value.push(letter),
        }
    }
    if is_quoted { Err("has a quote without its end".to_owned()) } else { Ok((value, "")) }
}

fn decode(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| "is not UTF-8 where it is percent-encoded".to_owned())
}

/// Whether a name can be shown: it is no part of a password that was taken apart.
fn is_word(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 40
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.+:".contains(c))
}

/// TLS as the string wants it.
struct Tls {
    mode: Mode,
    names: Names,
    /// A file in PEM form, or `system`.
    roots: Option<String>,
}

enum Mode {
    Never,
    /// Where a connection leaves this machine.
    Remote,
    Always,
}

impl Tls {
    fn connector(self) -> Result<MakeRustlsConnect, String> {
        let roots = match self.roots.as_deref() {
            None | Some("system") => trust::roots(),
            Some(file) => trust::roots_in(Path::new(file)).map_err(|error| {
                format!("has sslrootcert={file}, which cannot be used: {error}")
            })?,
        };
        let config = trust::config(roots, self.names);
        Ok(MakeRustlsConnect::new(config.map_err(|error| format!("cannot be used: {error}"))?))
    }
}

/// Whether a connection leaves this machine.
fn leaves_machine(config: &Config) -> bool {
    let is_remote = |host: &Host| match host {
        Host::Tcp(name) => match name.parse::<IpAddr>() {
            Ok(address) => !address.is_loopback(),
            Err(_) => name != "localhost",
        },
        #[cfg(unix)]
        Host::Unix(_) => false,
    };
    // An address, where there is one, is what is connected to; the name is only checked.
    if config.get_hostaddrs().is_empty() {
        config.get_hosts().iter().any(is_remote)
    } else {
        config.get_hostaddrs().iter().any(|address| !address.is_loopback())
    }
}

const NOTHING: &str =
    "is not a connection string: postgres://role:password@host:5432/database?sslmode=verify-full";

const SPECIAL: &str = "cannot be taken apart, probably because of a special character in the password: \
     write @ as %40, / as %2F, ? as %3F, # as %23, & as %26, % as %25";

#[cfg(test)]
mod tests;
