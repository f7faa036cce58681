#!/usr/bin/env bash
# Makes clients/python/.venv with the pinned packages and this package as it lies, or leaves it when it has them.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$here"
# Two at once would install over each other: the second waits, and then finds everything done.
if command -v flock > /dev/null; then
  exec 9> .venv.lock
  flock 9
fi
wanted="$(cat requirements-dev.txt pyproject.toml | sha256sum | cut -d' ' -f1)"
if [[ -x .venv/bin/python && "$(cat .venv/made-for 2>/dev/null || true)" == "$wanted" ]]; then exit 0; fi
python="${PYTHON:-python3}"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed" >&2; exit 1; }
[[ -x .venv/bin/python ]] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
echo "$wanted" > .venv/made-for
