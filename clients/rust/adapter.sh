#!/usr/bin/env bash
# Builds the conformance adapter if need be, and becomes it.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$here/target}"
(cd "$here" && cargo build --quiet --locked --release --package conformance-adapter) >&2
exec "$CARGO_TARGET_DIR/release/conformance-adapter"
