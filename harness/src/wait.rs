//! Waits until a condition is true.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Checks a condition again and again, with a pause in between. Returns whether it became true
/// within `patience`.
pub async fn until(
    patience: Duration,
    pause: Duration,
    mut holds: impl AsyncFnMut() -> bool,
) -> bool {
    let deadline = Instant::now() + patience;
    loop {
        if holds().await {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn asks_until_it_is_true_or_too_late() {
        let mut asked = 0;
        let third = async || {
            asked += 1;
            asked == 3
        };
        assert!(until(Duration::from_secs(60), Duration::ZERO, third).await);
        assert_eq!(asked, 3);
        assert!(!until(Duration::ZERO, Duration::ZERO, async || false).await);
    }
}
