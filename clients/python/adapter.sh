#!/usr/bin/env bash
# Runs the conformance adapter, in the environment that ci.sh makes.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
"$here/tools/make-venv.sh" >&2
exec "$here/.venv/bin/python" "$here/conformance/adapter.py"
