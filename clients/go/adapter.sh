#!/usr/bin/env bash
# Builds the conformance adapter when it is older than its sources, and becomes it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
go build -o bin/conformance ./conformance >&2
exec bin/conformance
