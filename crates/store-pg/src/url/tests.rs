//! Strings of providers, and faults without passwords.

use super::*;

fn fault(text: &str) -> String {
    read(text).map(drop).expect_err(text)
}

#[test]
fn only_what_stays_on_this_machine_goes_without_tls() {
    let cases = [
        ("host=/run/postgresql user=a", false),
        ("host=localhost user=a", false),
        ("host=127.0.0.1 user=a", false),
        ("host=127.0.0.1 user=a sslmode=prefer", false),
        ("postgres://a@[::1]/b", false),
        ("postgres://a@%2Frun%2Fpostgresql/b", false),
        ("postgres:///b?host=/run/postgresql", false),
        ("host=localhost user=a sslmode=require", true),
        ("host=db.example.com user=a", true),
        ("host=db.example.com user=a sslmode=allow", true),
        ("host=db.example.com user=a sslmode=prefer", true),
        ("host=10.0.0.1 user=a", true),
        ("host=localhost,db.example.com user=a", true),
        ("hostaddr=10.0.0.1 user=a", true),
        ("host=localhost hostaddr=10.0.0.1 user=a", true),
        ("postgres://a@[2001:db8::1]:5432/b", true),
        ("postgres://a@db.example.com/b?sslmode=verify-full", true),
        ("postgres://a@db.example.com/b?sslmode=verify-full&sslrootcert=system", true),
        ("host=db.example.com sslmode=disable user=a", false),
    ];
    for (url, want) in cases {
        let target = read(url).expect(url);
        assert_eq!(target.tls.is_some(), want, "{url}");
        let mode = if want { SslMode::Require } else { SslMode::Disable };
        assert_eq!(target.config.get_ssl_mode(), mode, "{url}");
    }
}

#[test]
fn strings_of_providers_are_read() {
    let supabase = "postgresql://voice_app.abcdefghijkl:p%40ss%2Fword@aws-0-eu-central-1.pooler.\
         supabase.com:6543/postgres?pgbouncer=true&sslmode=require&options=-c%20geqo%3Doff";
    let target = read(supabase).expect("it is read");
    assert_eq!(target.config.get_user(), Some("voice_app.abcdefghijkl"));
    assert_eq!(target.role(), Some("voice_app"));
    assert_eq!(target.config.get_password(), Some(&b"p@ss/word"[..]));
    assert_eq!(target.config.get_options(), Some("-c geqo=off"));
    assert!(target.is_supabase_transaction_pooler());
    assert!(!format!("{target:?}").contains("p@ss"));

    let neon = "postgres://voice_app:secret@ep-x-1.eu-central-1.aws.neon.tech/main?sslmode=\
         verify-full&channel_binding=require&target_session_attrs=primary&connect_timeout=7";
    let target = read(neon).expect("it is read");
    assert_eq!(target.role(), Some("voice_app"));
    assert_eq!(target.config.get_dbname(), Some("main"));
    assert_eq!(target.config.get_connect_timeout(), Some(&Duration::from_secs(7)));
    assert!(!target.is_supabase_transaction_pooler());

    let words = r"host=db.example.com port=5433 user='voice app' password='it\'s\\' dbname=chat";
    let target = read(words).expect("it is read");
    assert_eq!(target.role(), Some("voice app"));
    assert_eq!(target.config.get_password(), Some(&br"it's\"[..]));
    assert_eq!(target.config.get_ports(), [5433]);

    let dotted = read("postgres://first.last@db.example.com/chat").expect("it is read");
    assert_eq!(dotted.role(), Some("first.last"));
    let six = read(" postgres://a:b@[2001:db8::1],[::1]:6000/c\n").expect("it is read");
    assert_eq!(six.config.get_ports(), [5432, 6000]);
    assert_eq!(six.config.get_hosts().len(), 2);
}

#[test]
fn each_fault_is_named_with_its_fix_and_without_the_password() {
    let cases = [
        ("", "is not a connection string: postgres://"),
        ("host", "is not a connection string"),
        ("db.example.com:5432/chat", "is not a connection string"),
        ("jdbc:postgresql://h/d?password=hunter2", "begins with jdbc:postgresql://"),
        ("postgresql+psycopg://u:hunter2@h/d", "let it begin with postgres://"),
        ("\"postgres://u:hunter2@h/d\"", "is in quotes"),
        ("postgres://u:[YOUR-PASSWORD]@h/d", "put the role's password there"),
        ("postgres://u:hunter2@x@h/d", "write @ as %40"),
        ("postgres://u:x@hunter2/y@h/d?sslmode=disable&a=b", "write @ as %40"),
        ("postgres://u:x@hunter2?hunter2=y@h/d", "write @ as %40"),
        ("postgres://u:hunter2@/d", "names no host"),
        ("postgres://u:hunter2@2001:db8::1/d", "an IPv6 address without brackets"),
        ("postgres://u:hunter2@[2001:db8::1/d", "an IPv6 address without its end"),
        ("postgres://u:hunter2@h:port/d", "invalid value for option `port`"),
        ("postgres://u:hunter2@h/d?sslmode=full", "set sslmode=verify-full"),
        ("postgres://u:hunter2@h/d?sslmode=verify-ca", "set sslrootcert=/path/to/ca.pem"),
        (
            "postgres://u:hunter2@h/d?sslmode=verify-ca&sslrootcert=system",
            "anybody with a certificate would be believed",
        ),
        (
            "postgres://u:hunter2@h/d?sslrootcert=/nowhere/ca.pem",
            "has sslrootcert=/nowhere/ca.pem, which cannot be used: No such file",
        ),
        ("postgres://u:hunter2@h/d?connection_limit=1", "SWITCHROOM_DATABASE_CONNECTIONS"),
        ("postgres://u:hunter2@h/d?sslcert=a.pem", "has a password, not a certificate"),
        ("postgres://u:hunter2@h/d?sslaccept=accept_invalid_certs", "always verified"),
        ("postgres://u:hunter2@h/d?target_session_attrs=standby", "without writes"),
        ("postgres://u:hunter2@h/d?channel_binding=maybe", "option `channel_binding`"),
        ("postgres://u:hunter2@h/d?speed=high", "has the parameter speed, which is not known"),
        ("host=h password='hunter2", "a quote without its end"),
        ("host=h password=hunter2 x y=hunter2", "is not a connection string"),
    ];
    for (url, want) in cases {
        let fault = fault(url);
        assert!(fault.contains(want), "{url}: {fault}");
        assert!(!fault.contains("hunter2"), "{url}: {fault}");
    }
}
