//! The parameters of connection strings, by what is done with them.

/// What is read as it stands.
pub(super) const READ: [&str; 15] = [
    "user",
    "dbname",
    "host",
    "hostaddr",
    "port",
    "options",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "channel_binding",
    "target_session_attrs",
    "load_balance_hosts",
];

/// What other programs read from the same string, and what is so here anyway.
pub(super) const OTHERS: [&str; 16] = [
    "application_name",
    "fallback_application_name",
    "client_encoding",
    "pgbouncer",
    "schema",
    "pool_timeout",
    "socket_timeout",
    "statement_cache_size",
    "prepareThreshold",
    "uselibpqcompat",
    "workaround",
    "supa",
    "sslcompression",
    "sslsni",
    "krbsrvname",
    "gsslib",
];

/// What would have to mean something here.
pub(super) const REFUSED: [(&str, &str); 14] = [
    ("connection_limit", "take it out, and set SWITCHROOM_DATABASE_CONNECTIONS"),
    ("pool_size", "take it out, and set SWITCHROOM_DATABASE_CONNECTIONS"),
    ("sslcert", "take it out; the server's role has a password, not a certificate"),
    ("sslkey", "take it out; the server's role has a password, not a certificate"),
    ("sslpassword", "take it out; the server's role has a password, not a certificate"),
    ("sslidentity", "take it out; the server's role has a password, not a certificate"),
    ("sslcrl", "take it out; revocation is not checked"),
    ("sslcrldir", "take it out; revocation is not checked"),
    ("ssl_min_protocol_version", "take it out; TLS is 1.2 or newer"),
    ("ssl_max_protocol_version", "take it out; TLS is 1.2 or newer"),
    ("sslnegotiation", "take it out; TLS is asked for as every server understands it"),
    ("passfile", "put the password into the string"),
    ("service", "put host, user and database into the string"),
    ("replication", "take it out"),
];

/// Names of parameters, which are no part of a password.
pub(super) const KNOWN: [&str; 4] = ["sslmode", "sslrootcert", "application_name", "options"];
