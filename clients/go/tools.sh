#!/usr/bin/env bash
# Installs the generators that buf.gen.yaml names, at their pinned versions, into .tools. Does nothing when they are there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

protoc_gen_go=v1.36.12
protoc_gen_go_grpc=v1.6.2

wanted="$protoc_gen_go $protoc_gen_go_grpc"
if [[ -f .tools/versions && "$(<.tools/versions)" == "$wanted" ]]; then exit 0; fi
mkdir -p .tools
export GOBIN="$PWD/.tools"
go install "google.golang.org/protobuf/cmd/protoc-gen-go@$protoc_gen_go"
go install "google.golang.org/grpc/cmd/protoc-gen-go-grpc@$protoc_gen_go_grpc"
echo "$wanted" >.tools/versions
