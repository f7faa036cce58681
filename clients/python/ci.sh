#!/usr/bin/env bash
# Checks, tests and builds the Python client. Needs Python 3.10 or newer; installs what else it needs into .venv.
# The tests use the server of this repository (dist/, built by `npm run build`).
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$here"
# Tests without other processes yield the processors to concurrent tests.
nice -n 2 tools/make-venv.sh
.venv/bin/ruff format --check --quiet .
.venv/bin/ruff check --quiet .
nice -n 2 .venv/bin/mypy
.venv/bin/python -m pytest "$@"
buf=../../node_modules/.bin/buf
if [[ -x "$buf" ]]; then
  before=$(find src/workflow_graph_client/gen -type f ! -name '*.pyc' -exec sha256sum {} + | sort)
  (cd ../.. && PATH="$PWD/node_modules/node/bin:$PATH" node_modules/.bin/buf generate --template clients/python/buf.gen.yaml 2> /dev/null)
  after=$(find src/workflow_graph_client/gen -type f ! -name '*.pyc' -exec sha256sum {} + | sort)
  if [[ "$before" != "$after" ]]; then
    echo "src/workflow_graph_client/gen was not what the protos say; it is now: commit it" >&2
    exit 1
  fi
else
  echo "buf is not installed: whether src/workflow_graph_client/gen is up to date was not checked"
fi
rm -rf dist
nice -n 2 .venv/bin/python -m build --no-isolation --outdir dist . > /dev/null
ls dist
# The wheel works where nothing of this folder is on the path.
.venv/bin/python - <<'PYTHON'
import sys, zipfile, glob
names = zipfile.ZipFile(glob.glob("dist/*.whl")[0]).namelist()
for wanted in ("workflow_graph_client/py.typed", "workflow_graph_client/_heartbeat.py", "workflow_graph_client/gen/workflowgraph/v1/job_service_pb2.pyi"):
    sys.exit(f"the wheel lacks {wanted}") if wanted not in names else None
# Another project on PyPI owns the import package `workflow_graph`.
for name in names:
    top = name.split("/")[0]
    if top != "workflow_graph_client" and not top.endswith(".dist-info"):
        sys.exit(f"the wheel installs {name} outside workflow_graph_client")
PYTHON
