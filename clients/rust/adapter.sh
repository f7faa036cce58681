#!/usr/bin/env bash
# Builds the conformance adapter when it is older than a source, and becomes it.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$here/target}"
program="$CARGO_TARGET_DIR/debug/conformance-adapter"
sources=("$here/Cargo.lock" "$here/Cargo.toml" "$here/conformance" "$here/worker-sdk/Cargo.toml" "$here/worker-sdk/src")
if [[ ! -x "$program" || -n "$(find "${sources[@]}" -newer "$program" -print -quit)" ]]; then
  (cd "$here" && cargo build --quiet --locked --package conformance-adapter) >&2
  touch "$program"
fi
exec "$program"
