//! Certificates of the database.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use store_pg::{Store, StoreError, StoreOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::support::*;

/// A database that answers on TCP, with a certificate or without TLS.
async fn front(socket_dir: &Path, tls: Option<ServerConfig>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let socket = socket_dir.join(".s.PGSQL.5432");
    let acceptor = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (socket, acceptor) = (socket.clone(), acceptor.clone());
            tokio::spawn(async move {
                let mut request = [0; 8];
                client.read_exact(&mut request).await.ok()?;
                let Some(acceptor) = acceptor else {
                    return client.write_all(b"N").await.ok();
                };
                client.write_all(b"S").await.ok()?;
                let mut client = acceptor.accept(client).await.ok()?;
                let mut server = UnixStream::connect(socket).await.ok()?;
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                Some(())
            });
        }
    });
    address
}

/// A server's certificate for a name, and the file of the authority that signed it.
fn certificate(name: &str, dir: &Path) -> (ServerConfig, PathBuf) {
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key"))
        .expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    let signed = params.signed_by(&key, &authority).expect("a certificate");
    let file = dir.join(format!("{name}.pem"));
    std::fs::write(&file, authority.pem()).expect("a file");
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![signed.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).expect("a key"),
        )
        .expect("a certificate");
    (config, file)
}

#[tokio::test]
async fn a_certificate_is_verified_by_the_authority_that_the_string_names() {
    let db = Db::new().await;
    let dir = std::env::temp_dir().join(format!("store-pg-tls-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory");
    let (right, authority) = certificate("localhost", &dir);
    let (other, other_authority) = certificate("db.example.com", &dir);
    let right = front(db.socket_dir(), Some(right)).await.port();
    let other = front(db.socket_dir(), Some(other)).await.port();
    let plain = front(db.socket_dir(), None).await.port();
    let (authority, other_authority) = (authority.display(), other_authority.display());

    let look = async |port: u16, parameters: String| {
        let url = format!("postgres://{LOGIN}:hunter2@localhost:{port}/{}?{parameters}", db.name());
        let store = Store::new(&url, StoreOptions::SMALL).expect("a store");
        store.guard().await
    };
    for (port, parameters) in [
        (right, format!("sslrootcert={authority}")),
        (right, format!("sslmode=require&sslrootcert={authority}")),
        (right, format!("sslmode=verify-full&sslrootcert={authority}")),
        (right, format!("sslmode=verify-ca&sslrootcert={authority}")),
        (other, format!("sslmode=verify-ca&sslrootcert={other_authority}")),
    ] {
        look(port, parameters.clone()).await.expect(&parameters);
    }
    let unknown = "name the authority of the database's certificate by sslrootcert=";
    for (port, parameters, want) in [
        (right, "sslmode=require".to_owned(), unknown),
        (right, "sslmode=verify-full&sslrootcert=system".to_owned(), unknown),
        (right, format!("sslmode=verify-full&sslrootcert={other_authority}"), unknown),
        (right, format!("sslmode=verify-ca&sslrootcert={other_authority}"), unknown),
        (
            other,
            format!("sslmode=verify-full&sslrootcert={other_authority}"),
            "connect to the name that is in the certificate",
        ),
        (plain, format!("sslmode=require&sslrootcert={authority}"), "let the database take TLS"),
    ] {
        let error = look(port, parameters.clone()).await.expect_err(&parameters);
        let text = error.to_string();
        assert!(matches!(error, StoreError::SetUp(_)), "{parameters}: {error:?}");
        assert!(error.is_everybodys(), "{parameters}: {text}");
        assert!(text.contains(want) && !text.contains("hunter2"), "{parameters}: {text}");
    }
    std::fs::remove_dir_all(dir).expect("the directory of the test");
}
