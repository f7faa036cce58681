#!/bin/sh
# A worker in POSIX shell, over plain HTTP and JSON, with curl, sed and awk.
#
#     SERVER_URL=http://localhost:3000 WORKER_LABELS=shell,linux sh worker.sh
#
# POLL_INTERVAL_SECS is how long it waits when there is no job (2). Meant to be read and changed; it shows that a worker
# needs nothing but HTTP. `curl -d` says that its body is a form; the server reads it as the JSON that it is.
set -u

server=${SERVER_URL:-http://localhost:3000}
unset SERVER_URL # It may hold a password, and jobs inherit the environment.
poll=${POLL_INTERVAL_SECS:-2}
worker_id="sh-$(hostname)-$$"
labels=$(printf '%s' "${WORKER_LABELS:-shell}" | sed 's/[^,]*/"&"/g')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The first signal lets the running job finish, the second ends it. A terminal that closes may send HUP several times.
stopping=
job=
trap 'stopping=yes' HUP
trap '[ -z "$stopping" ] || [ -z "$job" ] || kill "$job"; stopping=yes' TERM INT QUIT

post() { # path, body
  curl -s -X POST -d "$2" "$server$1"
}

# The last string value of a key of a JSON text, decoded. A key within a text has escaped quotes, so it is none.
json_string() { # key
  LC_ALL=C awk -v key="\"$1\":\"" '
    { text = text $0 "\n" }
    END {
      rest = text
      while ((at = index(rest, key)) > 0) { rest = substr(rest, at + length(key)); found = rest }
      for (i = 1; i <= length(found); i++) {
        c = substr(found, i, 1)
        if (c == "\"") break
        if (c != "\\") { printf "%s", c; continue }
        c = substr(found, ++i, 1)
        if (c == "n") printf "\n"
        else if (c == "t") printf "\t"
        else if (c == "r") printf "\r"
        else if (c == "b") printf "\b"
        else if (c == "f") printf "\f"
        else if (c == "u") { printf "%c", hex(substr(found, i + 1, 4)); i += 4 }
        else printf "%s", c
      }
    }
    function hex(digits,  n, j) {
      for (j = 1; j <= 4; j++) n = n * 16 + index("0123456789abcdef", tolower(substr(digits, j, 1))) - 1
      return n
    }'
}

# Standard input as a JSON string, without control characters other than tabs and line ends.
json_quote() {
  tab=$(printf '\t')
  LC_ALL=C tr -d '\000-\010\013-\037' | LC_ALL=C sed "s/\\\\/\\\\\\\\/g; s/\"/\\\\\"/g; s/$tab/\\\\t/g" |
    LC_ALL=C awk 'BEGIN { printf "\"" } { printf "%s\\n", $0 } END { printf "\"" }'
}

# 1. Register
post /api/workers/register "{\"worker_id\": \"$worker_id\", \"labels\": [$labels]}" > /dev/null

while [ -z "$stopping" ]; do
  # 2a. Claim a job
  claim=$(post /api/jobs/claim "{\"worker_id\": \"$worker_id\", \"labels\": [$labels], \"lease_ttl_secs\": 60}")
  case $claim in
    '{"job":'*) ;;
    *) sleep "$poll"; continue ;; # No jobs available, or no server
  esac
  claimed=${claim%%,\"lease\":*}
  job_id=$(printf '%s' "$claim" | json_string job_id)
  run_id=$(printf '%s' "$claim" | json_string workflow_id)
  lease_id=$(printf '%s' "$claim" | json_string lease_id)
  # Other texts of the job may follow its command, so the rest is cut off before it is looked for.
  printf '%s' "${claimed%%,\"required_labels\":*}" | json_string command > "$work/command"
  echo "[$worker_id] Claimed: $job_id"

  # Heartbeats keep the lease alive
  (while sleep 10 && kill -0 $$; do post "/api/jobs/$lease_id/heartbeat" '' > /dev/null; done) 2> /dev/null &
  heartbeats=$!

  # Execute
  sh -c "$(cat "$work/command")" > "$work/stdout" 2> "$work/stderr" < /dev/null &
  job=$!
  wait "$job"
  status=$?
  # A signal ends the wait, not the job.
  while kill -0 "$job" 2> /dev/null; do
    wait "$job"
    status=$?
  done
  job=
  kill "$heartbeats"

  # Push logs
  if [ -s "$work/stdout" ]; then
    data=$(json_quote < "$work/stdout")
    post "/api/jobs/$lease_id/logs" "{\"chunks\": [{\"workflow_id\": \"$run_id\", \"job_id\": \"$job_id\",
      \"sequence\": 0, \"data\": $data, \"timestamp_ms\": $(date +%s)000, \"stream\": \"stdout\"}]}" > /dev/null
  fi

  # Report
  if [ "$status" = 0 ]; then
    post "/api/jobs/$lease_id/complete" '{"outputs": {}}' > /dev/null
  else
    error=$(head -c 4096 "$work/stderr" | json_quote)
    post "/api/jobs/$lease_id/fail" "{\"error\": $error, \"retryable\": true}" > /dev/null
  fi
done
