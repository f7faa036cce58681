#!/usr/bin/env bash
# What CI runs for the Rust client: format, generated code, lint, docs, tests, the publishable crate. Needs cargo, and for the
# tests against a real server the repository's build (npm run build) and Node.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"
# What is compiled once and thrown away has no use for the means to compile a part of it again.
if [[ "${CI:-}" == true ]]; then
  export CARGO_INCREMENTAL=0
  # Nobody debugs it either. test/package/clients.test.ts checks the crate with the same profile.
  export CARGO_PROFILE_DEV_DEBUG=none
fi

step() { printf '\n== %s\n' "$*"; "$@"; }
# Compilers leave some processor time to concurrent tests, and are not starved by them.
compile() { printf '\n== %s\n' "$*"; nice -n 2 "$@"; }

for component in rustfmt clippy; do
  cargo "${component/rustfmt/fmt}" --version > /dev/null 2>&1 || rustup component add "$component"
done

step cargo fmt --all --check
compile cargo xtask generate --check
compile cargo clippy --locked --workspace --all-targets -- -D warnings
compile cargo clippy --locked --package workflow-graph-worker-sdk --lib --no-default-features -- -D warnings
RUSTDOCFLAGS="-D warnings" compile cargo doc --locked --no-deps --package workflow-graph-worker-sdk
# The adapter of the conformance suite is built with the tests, so that both are of the same compiled crates.
tested=(--locked --package workflow-graph-worker-sdk --package conformance-adapter)
compile cargo build "${tested[@]}" --all-targets
# Servers and workers run concurrently with the tests: more of them at once would only wait for each other.
step cargo test "${tested[@]}" --no-fail-fast -- --test-threads "${RUST_TEST_THREADS:-4}"
# test/package/clients.test.ts compiles a program with the crate as a server gives it out.
compile cargo package --locked --allow-dirty --no-verify --package workflow-graph-worker-sdk
ls -l "$CARGO_TARGET_DIR"/package/*.crate
