#![doc = include_str!("../README.md")]

use std::env;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

mod authority;

use authority::AuthorityOnly;

/// The system's roots and those of the environment.
pub fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // Those of the environment if it names any, else the system's.
    add(&mut roots, rustls_native_certs::load_native_certs().certs);
    if ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().any(|name| env::var_os(name).is_some()) {
        add(&mut roots, system());
    }
    roots
}

/// The roots in a file in PEM form.
///
/// # Errors
///
/// The file cannot be read, or holds no certificate.
pub fn roots_in(file: &Path) -> io::Result<RootCertStore> {
    let found = rustls_native_certs::load_certs_from_paths(Some(file), None);
    let mut roots = RootCertStore::empty();
    add(&mut roots, found.certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    // Opening it gives the reason without the text of a foreign library.
    let _ = std::fs::File::open(file)?;
    Err(io::Error::new(io::ErrorKind::InvalidData, "it holds no certificate in PEM form"))
}

/// TLS that believes [`roots`].
///
/// # Errors
///
/// This machine has no roots.
pub fn client_config() -> io::Result<ClientConfig> {
    let roots = roots();
    if roots.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "this machine has no certificate authorities: install the package ca-certificates",
        ));
    }
    config(roots, Names::Compared)
}

/// Whether the name in a certificate is compared with the name of the host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Names {
    /// It must be the host's.
    Compared,
    /// Whoever has a certificate of one of the authorities is believed.
    Any,
}

/// TLS that believes these roots.
///
/// # Errors
///
/// The cryptography does not fit this program, which no input can cause.
pub fn config(roots: RootCertStore, names: Names) -> io::Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(match names {
        Names::Compared => builder.with_root_certificates(roots).with_no_client_auth(),
        Names::Any => builder
            .dangerous()
            .with_custom_certificate_verifier(any_name(roots, provider))
            .with_no_client_auth(),
    })
}

fn any_name(roots: RootCertStore, provider: Arc<CryptoProvider>) -> Arc<dyn ServerCertVerifier> {
    Arc::new(AuthorityOnly::new(roots, provider))
}

/// A root that rustls cannot read is one that cannot vouch for anybody.
fn add(roots: &mut RootCertStore, certificates: Vec<CertificateDer<'static>>) {
    let _ = roots.add_parsable_certificates(certificates);
}

/// The system's roots, whatever the environment says.
fn system() -> Vec<CertificateDer<'static>> {
    let file = FILES.iter().map(Path::new).find(|file| file.exists());
    file.map(|file| rustls_native_certs::load_certs_from_paths(Some(file), None).certs)
        .unwrap_or_default()
}

/// Where systems keep their roots: Debian and Alpine, Fedora and Red Hat (two places), SUSE, BSD and macOS.
const FILES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Whether an error says that a certificate is signed by an authority that is not believed.
pub fn is_unknown_authority(error: &(dyn std::error::Error + 'static)) -> bool {
    tls_error(error).is_some_and(|error| {
        // A bad signature: an authority of the same name was replaced.
        matches!(
            error,
            rustls::Error::InvalidCertificate(
                rustls::CertificateError::UnknownIssuer | rustls::CertificateError::BadSignature
            )
        )
    })
}

/// Whether an error says that a certificate is another host's.
pub fn is_other_name(error: &(dyn std::error::Error + 'static)) -> bool {
    tls_error(error).is_some_and(|error| {
        matches!(
            error,
            rustls::Error::InvalidCertificate(
                rustls::CertificateError::NotValidForName
                    | rustls::CertificateError::NotValidForNameContext { .. }
            )
        )
    })
}

/// The error of TLS in a chain of errors.
pub fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        // An error of input and output hides the one that it stands for.
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_roots_is_read_or_its_fault_is_named() {
        let dir = env::temp_dir().join(format!("trust-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let file = dir.join("root.pem");
        let missing = roots_in(&file).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        std::fs::write(&file, "no certificate").unwrap();
        let empty = roots_in(&file).unwrap_err();
        assert_eq!(empty.to_string(), "it holds no certificate in PEM form");
        let key = rcgen::KeyPair::generate().unwrap();
        let root = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
        std::fs::write(&file, root.pem()).unwrap();
        assert_eq!(roots_in(&file).unwrap().len(), 1);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn the_error_of_tls_is_found_below_others() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let inner = io::Error::new(io::ErrorKind::InvalidData, tls);
        let outer = io::Error::other(inner);
        assert!(is_unknown_authority(&outer) && !is_other_name(&outer));
        assert!(!is_unknown_authority(&io::Error::other("closed")));
    }
}
