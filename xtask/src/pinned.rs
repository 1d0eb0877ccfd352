//! Packages from the registries, in the versions that files of the checkout pin.

use std::fs;
use std::path::Path;

use harness::Failure;
use harness::run;

use crate::workspace::Workspace;

/// The fix if a registry's client fails.
pub(crate) const FIX: &str = "the package registry must be reachable by its ordinary client";

/// The packages of the lock file below `from`, in the folder's `node_modules`. None of their
/// scripts is run.
pub(crate) fn node(workspace: &Workspace, from: &str, folder: &Path) -> Result<(), Failure> {
    once(workspace, from, folder, &["package.json", "package-lock.json"], || {
        let mut command = workspace.command("npm");
        command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]);
        run::quiet(command.current_dir(folder), FIX).map(drop)
    })
}

/// Copies the pins of the checkout's folder `from` into the folder and installs, unless the same pins are there already.
pub(crate) fn once(
    workspace: &Workspace,
    from: &str,
    folder: &Path,
    pins: &[&str],
    install: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let pinned = pins.iter().map(|pin| workspace.read(&format!("{from}/{pin}")));
    let pinned = pinned.collect::<Result<Vec<_>, _>>()?;
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == pinned.concat()) {
        return Ok(());
    }
    let unwritable = |error| {
        Failure::new(format!("{}: {error}", folder.display()), "make the target directory writable")
    };
    fs::create_dir_all(folder).map_err(unwritable)?;
    for (pin, text) in pins.iter().zip(&pinned) {
        fs::write(folder.join(pin), text).map_err(unwritable)?;
    }
    install()?;
    // Last, so that what is half installed is installed again.
    fs::write(stamp, pinned.concat()).map_err(unwritable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    const JUDGES: &str = "conformance/judges";

    #[test]
    fn installs_once_for_the_same_pins_and_again_after_a_failure() {
        let workspace = Workspace::here().unwrap();
        let folder = workspace.target(&format!("pinned/test-{}", std::process::id()));
        let runs = Cell::new(0);
        let attempt = |good: bool| {
            let result = once(&workspace, JUDGES, &folder, &["requirements.txt"], || {
                runs.set(runs.get() + 1);
                if good { Ok(()) } else { Err(Failure::new("no network", FIX)) }
            });
            result.is_ok()
        };
        assert_eq!([attempt(false), attempt(true), attempt(true)], [false, true, true]);
        assert_eq!(runs.get(), 2);
        let pin = fs::read_to_string(folder.join("requirements.txt")).unwrap();
        assert_eq!(pin, workspace.read(&format!("{JUDGES}/requirements.txt")).unwrap());
        fs::remove_dir_all(folder).unwrap();
    }
}
