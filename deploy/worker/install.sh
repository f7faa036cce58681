#!/bin/sh
# Installs the worker of a workflow-graph server: one file, which needs Node 20 or later. Nothing updates itself.
#
#   curl -fsS http://flows.example.org:3000/install.sh | sh                       # into this folder; prints how to start it
#   curl -fsS http://flows.example.org:3000/install.sh | sudo sh -s systemd  # a service that starts with the machine
#
# SERVER_URL names another address of the server, WORKER_LABELS and WORKER_SLOTS are settings of the service.
set -eu

# A server that sends this file writes its own address here.
server=
server=${SERVER_URL:-$server}
server=${server%/}

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

get() {
  if command -v curl >/dev/null; then curl -fsS -o "$2" "$server$1"; else wget -q -O "$2" "$server$1"; fi
}

checksum() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

as_service=no
case "${1-}" in
  '') folder=$PWD ;;
  systemd) as_service=yes folder=/usr/local/lib/workflow-graph ;;
  *) fail "$1 means nothing; there is the word systemd, for a service" ;;
esac

[ -n "$server" ] || fail 'name the server: SERVER_URL=http://host:3000'
command -v node >/dev/null || fail 'the worker needs Node 20 or later, and this machine has no command "node"'
major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 20 ] || fail "the worker needs Node 20 or later, and this machine has $(node --version)"

mkdir -p "$folder"
new=$folder/worker.mjs.new
trap 'rm -f "$new" "$new.sha256"' EXIT
get /worker.mjs "$new" || fail "$server/worker.mjs could not be downloaded"
get /worker.mjs.sha256 "$new.sha256" || fail "$server/worker.mjs.sha256 could not be downloaded"
[ "$(checksum "$new")" = "$(cut -d ' ' -f 1 "$new.sha256")" ] || fail 'the checksum is wrong: the download is damaged'
mv "$new" "$folder/worker.mjs"
echo "The worker of version $(node "$folder/worker.mjs" --version) is in $folder/worker.mjs. To start it:"
echo

if [ "$as_service" = no ]; then
  echo "  SERVER_URL=$server node worker.mjs --slots 4"
  exit 0
fi

settings=/etc/workflow-graph/worker
unit=/etc/systemd/system/workflow-graph-worker.service
mkdir -p "${settings%/*}"
if [ ! -e "$settings" ]; then
  umask 077
  cat >"$settings" <<END
SERVER_URL=$server
WORKER_LABELS=${WORKER_LABELS-}
WORKER_SLOTS=${WORKER_SLOTS:-1}
# When the server needs a token: workflow-graph token create --name $(uname -n) --scope worker
#WORKFLOW_GRAPH_TOKEN=
END
  umask 022
fi
cat >"$unit" <<END
[Unit]
Description=workflow-graph worker
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
EnvironmentFile=$settings
ExecStart=$(command -v node) $folder/worker.mjs --drain-timeout 580
WorkingDirectory=/var/lib/workflow-graph-worker
# A stopping worker finishes its jobs first; only the worker gets the signal, not its jobs.
KillMode=mixed
TimeoutStopSec=600
Restart=always
RestartSec=2
# Jobs run as this user. Set another one with User= and Group= if jobs need a home directory or Docker.
DynamicUser=yes
StateDirectory=workflow-graph-worker
StateDirectoryMode=0700
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
LockPersonality=yes
CapabilityBoundingSet=
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
END
echo "  systemctl daemon-reload && systemctl enable --now workflow-graph-worker"
echo
echo "Its settings, such as labels and token, are in $settings."
