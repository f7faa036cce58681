#!/usr/bin/env bash
# What CI runs for the TypeScript client beside the repository's own lint, types, generated code and unit tests: the artefact.
# It is packed as npm would publish it, unpacked where nothing of this repository is but its dependencies, and used.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root="$(cd ../.. && pwd)"
export PATH="$root/node_modules/node/bin:$root/node_modules/.bin:$PATH"

tsc -b
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
npm pack --silent --ignore-scripts --pack-destination "$folder" > /dev/null
mkdir -p "$folder/node_modules/@workflow-graph" "$folder/node_modules/@grpc" "$folder/node_modules/@types"
tar -xzf "$folder"/workflow-graph-client-*.tgz -C "$folder/node_modules/@workflow-graph"
mv "$folder/node_modules/@workflow-graph/package" "$folder/node_modules/@workflow-graph/client"
ln -s "$root/node_modules/@bufbuild" "$folder/node_modules/@bufbuild"
ln -s "$root/node_modules/@grpc/grpc-js" "$folder/node_modules/@grpc/grpc-js"
ln -s "$root/node_modules/@types/node" "$folder/node_modules/@types/node"
cp samples/*.ts "$folder/"
cat > "$folder/package.json" <<'JSON'
{ "type": "module" }
JSON
cat > "$folder/tsconfig.json" <<'JSON'
{ "compilerOptions": { "target": "es2024", "module": "nodenext", "strict": true, "noEmit": true, "types": ["node"] } }
JSON
cd "$folder"

passed=0
failed=0
check() { # what, command…
  if "${@:2}"; then
    passed=$((passed + 1))
    echo "✓ $1"
  else
    failed=$((failed + 1))
    echo "✗ $1"
  fi
}
check 'the package has what it says, and a licence' test -s node_modules/@workflow-graph/client/dist/index.d.ts \
  -a -s node_modules/@workflow-graph/client/LICENSE -a -s node_modules/@workflow-graph/client/README.md
check 'the samples compile against it' tsc -p .
check 'a worker and a client can be made of it' node -e "
  const { Client, Worker } = await import('@workflow-graph/client');
  new Client().close();
  if (typeof new Worker({ labels: ['x'] }).run !== 'function') process.exit(1);
  const { JobServiceClient } = await import('@workflow-graph/client/gen/workflowgraph/v1/job_service');
  if (JobServiceClient.serviceName !== 'workflowgraph.v1.JobService') process.exit(1);
"
echo "$passed passed, $failed failed"
[[ "$failed" == 0 ]]
