//! The report of one scenario: what happens, what is checked, and what was seen instead.

use std::fmt::Debug;

/// Prints one scenario, and collects its faults.
pub(super) struct Scene {
    faults: Vec<String>,
    claims: usize,
}

impl Scene {
    /// Begins with its number and title.
    pub(super) fn open(number: usize, title: &str) -> Self {
        println!("\n{number:>2}  {title}");
        Self { faults: Vec::new(), claims: 0 }
    }

    /// Checks that the seen value is the expected one.
    #[expect(clippy::needless_pass_by_value, reason = "most are made for the claim")]
    pub(super) fn claim<T: Debug + PartialEq>(&mut self, claim: &str, seen: T, expected: T) {
        self.claims += 1;
        if seen == expected {
            println!("    ✓ {claim}");
        } else {
            let fault =
                format!("{claim}\n        expected {expected:?}\n        seen     {seen:?}");
            println!("    ✗ {fault}");
            self.faults.push(fault);
        }
    }

    /// Ends the scenario, which may have been interrupted.
    ///
    /// # Errors
    ///
    /// Everything that was not as expected.
    pub(super) fn close(mut self, played: Result<(), String>) -> Result<(), Vec<String>> {
        if let Err(fault) = played {
            println!("    ✗ {fault}");
            self.faults.push(fault);
        } else if self.claims == 0 {
            self.faults.push("nothing was checked".to_owned());
        }
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults) }
    }
}

/// Prints a line.
pub(super) fn say(line: &str) {
    println!("      {line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_scene_whose_claims_all_held_is_good() {
        let mut good = Scene::open(1, "good");
        good.claim("one", 1, 1);
        assert_eq!(good.close(Ok(())), Ok(()));

        let mut wrong = Scene::open(2, "wrong");
        wrong.claim("one", 1, 1);
        wrong.claim("two", 3, 2);
        let want = "two\n        expected 2\n        seen     3".to_owned();
        assert_eq!(wrong.close(Ok(())), Err(vec![want]));

        let mut broken = Scene::open(3, "broken");
        broken.claim("one", 1, 1);
        assert_eq!(broken.close(Err("gone".into())), Err(vec!["gone".to_owned()]));

        let empty = Scene::open(4, "empty").close(Ok(()));
        assert_eq!(empty, Err(vec!["nothing was checked".to_owned()]));
    }
}
