#!/bin/sh
# The conformance adapter of a worker that is nothing but a shell, curl and jq, over the documented JSON paths. It keeps
# ADAPTER.md as far as such a worker goes: the shell executor, plain HTTP, logs when the job has ended.
set -u

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

tell() {
  printf '%s\n' "$1"
}

# One call. Prints the body; the status is left in the file that the third argument names.
post() { # path, file with the body, file for the status
  curl -sS --max-time 60 -o "$3.body" -w '%{http_code}' -H "authorization: $authorization" \
    -H 'content-type: application/json' --data-binary "@$2" "$server$1" > "$3" 2> "$3.error" || echo 000 > "$3"
}

# Sends until there is an answer that will stay the same.
post_until_answered() { # path, file with the body, file for the status
  until
    post "$1" "$2" "$3"
    case $(cat "$3") in 000 | 5?? | 408 | 429) false ;; esac
  do
    sleep 0.3
  done
}

start() { # name, options
  name=$1
  server=$(printf '%s' "$2" | jq -r --arg url "${SERVER_URL:-}" '.server_url // $url')
  labels=$(printf '%s' "$2" | jq -c '.labels // []')
  ttl=$(printf '%s' "$2" | jq -r '.lease_ttl_secs // 30')
  authorization=$(printf '%s' "$2" | jq -r 'if .token then "Bearer " + .token else "" end')
  slots=$(printf '%s' "$2" | jq -r '.slots // 1')
  home=$folder/$name
  mkdir -p "$home"
  jq -nc --arg id "$name" --argjson labels "$labels" --argjson slots "$slots" \
    '{worker_id: $id, labels: $labels, slots: $slots}' > "$home/registration"
  post_until_answered /api/workers/register "$home/registration" "$home/registered"
  if [ "$(cat "$home/registered")" != 200 ]; then
    tell "$(jq -c --arg worker "$name" '{event: "stopped", worker: $worker, error: .message}' < "$home/registered.body")"
    return
  fi
  tell "{\"event\":\"started\",\"worker\":\"$name\"}"
  slot=0
  while [ "$slot" -lt "$slots" ]; do
    slot=$((slot + 1))
    mkdir "$home/$slot"
    take_jobs "$home/$slot" &
  done
  wait
  error=null
  [ ! -e "$home/refused" ] || error=$(cat "$home/refused")
  tell "{\"event\":\"stopped\",\"worker\":\"$name\",\"error\":$error}"
}

take_jobs() { # folder of the slot
  claim_id=
  while [ ! -e "$home/stop" ]; do
    [ -n "$claim_id" ] || claim_id=$(cat /proc/sys/kernel/random/uuid)
    jq -nc --arg id "$name" --argjson labels "$labels" --argjson ttl "$ttl" --arg request "$claim_id" \
      '{worker_id: $id, labels: $labels, lease_ttl_secs: $ttl, wait_secs: 1, request_id: $request}' > "$1/claim"
    post /api/jobs/claim "$1/claim" "$1/claimed"
    case $(cat "$1/claimed") in
      200)
        claim_id=
        [ "$(cat "$1/claimed.body")" = null ] || work "$1"
        ;;
      401 | 403)
        jq -c .message < "$1/claimed.body" > "$home/refused"
        return
        ;;
      *) sleep 0.3 ;;
    esac
  done
}

work() { # folder of the slot
  cp "$1/claimed.body" "$1/job"
  lease=$(jq -r .lease.lease_id < "$1/job")
  jq -j .job.command < "$1/job" > "$1/command"
  sh "$1/command" > "$1/stdout" 2> "$1/stderr" < /dev/null &
  child=$!
  keep_alive "$1" "$lease" "$child" &
  keeper=$!
  wait "$child"
  status=$?
  kill "$keeper" 2> /dev/null
  wait "$keeper" 2> /dev/null
  push_log "$1" "$lease"
  if [ "$status" = 0 ]; then
    echo '{"outputs":{}}' > "$1/report"
    post_until_answered "/api/jobs/$lease/complete" "$1/report" "$1/reported"
  else
    tail -c 4000 "$1/stderr" | jq -Rsc --arg status "exit status $status" \
      '{error: ($status + "\n" + .), retryable: true}' > "$1/report"
    post_until_answered "/api/jobs/$lease/fail" "$1/report" "$1/reported"
  fi
}

# Renews the lease while the job runs, and ends the job when it was cancelled or the lease is gone.
keep_alive() { # folder of the slot, lease, process
  echo '{}' > "$1/renewal"
  while sleep "$(jq -n --argjson ttl "$ttl" '$ttl / 3')"; do
    post "/api/jobs/$2/heartbeat" "$1/renewal" "$1/renewed"
    case $(cat "$1/renewed") in
      409) kill "$3" ;;
      200) [ "$(jq .cancelled < "$1/renewed.body")" != true ] || kill "$3" ;;
    esac
    [ ! -e "$home/terminate" ] || kill "$3"
  done
}

push_log() { # folder of the slot, lease
  for stream in stdout stderr; do
    [ -s "$1/$stream" ] || continue
    jq -Rsc --arg stream "$stream" --slurpfile claim "$1/job" '{chunks: [{
      workflow_id: $claim[0].job.workflow_id, job_id: $claim[0].job.job_id,
      sequence: (if $stream == "stdout" then 0 else 1 end), data: ., timestamp_ms: (now * 1000 | floor), stream: $stream
    }]}' < "$1/$stream" > "$1/chunks"
    post_until_answered "/api/jobs/$2/logs" "$1/chunks" "$1/pushed"
  done
}

while IFS= read -r line; do
  worker=$(printf '%s' "$line" | jq -r '.worker // ""')
  case $(printf '%s' "$line" | jq -r .do) in
    hello) tell '{"event":"hello","client":"shell","transports":["http"],"executors":["shell"],"has":["bytes"]}' ;;
    start) start "$worker" "$(printf '%s' "$line" | jq -c '.options // {}')" & ;;
    drain) mkdir -p "$folder/$worker" && : > "$folder/$worker/stop" ;;
    terminate) mkdir -p "$folder/$worker" && : > "$folder/$worker/stop" && : > "$folder/$worker/terminate" ;;
  esac
done
# The driver has let go: whatever still runs ends with this process.
trap - EXIT
rm -rf "$folder"
trap '' TERM
kill -TERM 0
exit 0
