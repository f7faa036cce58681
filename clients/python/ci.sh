#!/usr/bin/env bash
# Checks, tests and builds the Python client. Needs Python 3.10 or newer; installs what else it needs into .venv.
# The tests use the server of this repository (dist/, built by `npm run build`).
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$here"
tools/make-venv.sh
.venv/bin/ruff format --check --quiet .
.venv/bin/ruff check --quiet .
.venv/bin/mypy
.venv/bin/python -m pytest "$@"
rm -rf dist
.venv/bin/python -m build --no-isolation --outdir dist . > /dev/null
ls dist
# The wheel works where nothing of this folder is on the path.
.venv/bin/python - <<'PYTHON'
import sys, zipfile, glob
names = zipfile.ZipFile(glob.glob("dist/*.whl")[0]).namelist()
for wanted in ("workflow_graph/py.typed", "workflow_graph/_heartbeat.py", "workflow_graph/gen/workflowgraph/v1/job_service_pb2.pyi"):
    sys.exit(f"the wheel lacks {wanted}") if wanted not in names else None
PYTHON
