use super::server_link::ServerLink;

const VERSION: &str = env!("CARGO_PKG_VERSION");

impl ServerLink {
    /// Logs that the server's version is newer than this crate's. A server that does not tell its version, or cannot be
    /// reached, is reported by the worker's own calls.
    pub(super) async fn warn_of_newer_server(&self) {
        let Ok(server_version) = self.calls.server_version().await else { return };
        if is_older(VERSION, &server_version) {
            let server_url = self.calls.server_url();
            tracing::warn!(
                server_url,
                server_version,
                version = VERSION,
                "the server is newer than this worker's library; the worker keeps running, and can be updated at any time"
            );
        }
    }
}

/// Compares versions by their three numbers. An invalid one is never older.
fn is_older(one: &str, other: &str) -> bool {
    numbers_of(one).zip(numbers_of(other)).is_some_and(|(mine, theirs)| mine < theirs)
}

fn numbers_of(version: &str) -> Option<[u64; 3]> {
    let release = version.split(['-', '+']).next()?;
    let numbers: Vec<u64> = release.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::is_older;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (one, other) in [("0.1.0", "0.2.0"), ("0.9.0", "0.10.0"), ("1.2.3", "2.0.0-rc.1"), ("1.2.3", "1.2.4+x")] {
            assert!(is_older(one, other), "{one} {other}");
            assert!(!is_older(other, one), "{other} {one}");
        }
        for (one, other) in [("1.0.0", "1.0.0"), ("", "1.0.0"), ("1.0", "2.0.0"), ("1.0.0", "unknown")] {
            assert!(!is_older(one, other), "{one} {other}");
        }
    }
}
