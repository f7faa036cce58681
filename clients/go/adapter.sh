#!/usr/bin/env bash
# Builds the conformance adapter if it is older than a source, and runs it in place of this shell.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
if [[ ! -x bin/conformance || -n "$(find . -name '*.go' -newer bin/conformance -print -quit)" || go.mod -nt bin/conformance ]]; then
  go build -o bin/conformance ./conformance >&2
fi
exec bin/conformance
