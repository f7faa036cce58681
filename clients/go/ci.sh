#!/usr/bin/env bash
# Checks the Go client: format, vet for every supported system, generated code, tests with the race detector, and that
# other modules can use the module.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export GOFLAGS="${GOFLAGS:-} -p=1"
# Compilers leave some processor time to concurrent tests, and are not starved by them.
compile() { nice -n 2 "$@"; }

echo "== go client: format"
unformatted=$(gofmt -l .)
if [[ -n "$unformatted" ]]; then
  echo "gofmt would change: $unformatted" >&2
  exit 1
fi

# Each further system compiles every dependency once more.
others=(darwin windows)
factor=${TEST_TIME_FACTOR:-1}
if (( ${factor%.*} > 12 )); then
  others=()
  echo "reduced: go vet for linux, not darwin and windows (machine factor $factor)"
fi
echo "== go client: vet (linux ${others[*]})"
go mod verify
go mod tidy -diff
compile go vet ./...
for system in "${others[@]}"; do GOOS=$system compile go vet ./...; done

echo "== go client: generated code"
buf=../../node_modules/.bin/buf
if [[ -x "$buf" ]]; then
  compile ./tools.sh
  before=$(find gen -type f -exec sha256sum {} + | sort)
  # buf is a Node program: the repository's own Node runs it if present.
  (cd ../.. && PATH="$PWD/node_modules/node/bin:$PATH" node_modules/.bin/buf generate --template clients/go/buf.gen.yaml)
  after=$(find gen -type f -exec sha256sum {} + | sort)
  if [[ "$before" != "$after" ]]; then
    echo "clients/go/gen was not what the protos say; it is now: commit it" >&2
    exit 1
  fi
else
  echo "buf is not installed: whether gen/ is up to date was not checked"
fi

echo "== go client: tests"
# One line for each test; the output of a failed one stays in the file.
compile go build -race ./...
said=$(mktemp)
if ! go test -race -count=1 -v ./... >"$said" 2>&1; then
  cat "$said"
  exit 1
fi
grep -E '^(--- |ok )' "$said"
rm "$said"

echo "== go client: artefact"
compile go build -o bin/ ./cmd/... ./conformance
# A Go module is published as the files under a tag: the files in git alone must suffice for a program that uses it.
taken=$(mktemp -d)
trap 'rm -rf "$taken"' EXIT
mkdir "$taken/module" "$taken/program"
git ls-files -z -- . | xargs -0 cp --parents -t "$taken/module"
cat >"$taken/program/main.go" <<'EOF'
package main

import workflowgraph "workflowgraph.dev/client"

func main() {
	if _, err := workflowgraph.NewWorker(workflowgraph.WorkerConfig{}); err != nil {
		panic(err)
	}
}
EOF
cp go.sum "$taken/program/"
(
  cd "$taken/program"
  go mod init example.org/program
  go mod edit -require "workflowgraph.dev/client@v0.0.0" -replace "workflowgraph.dev/client=../module"
  go mod tidy
  go run .
)
echo "== go client: good"
