#!/bin/sh
# The conformance adapter of a worker that consists only of a shell, curl and jq, over the documented JSON paths. It
# implements ADAPTER.md as far as such a worker can: one process per job, plain HTTP, logs sent when the job has ended.
set -u

folder=$(mktemp -d)
server_url=${SERVER_URL:-}
unset SERVER_URL # Jobs inherit the environment.
trap 'rm -rf "$folder"' EXIT

tell() {
  printf '%s\n' "$1"
}

# One call. Prints the body; the status goes into the file named by the third argument.
post() { # path, file with the body, file for the status
  # shellcheck disable=SC2086 # none, or an option and a path without blanks
  curl -sS --max-time 60 $trust -o "$3.body" -w '%{http_code}' -H "authorization: $authorization" \
    -H 'content-type: application/json' --data-binary "@$2" "$server$1" > "$3" 2> "$3.error" || echo 000 > "$3"
}

# Repeats a call until the response is final.
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
  server=$(printf '%s' "$2" | jq -r --arg url "$server_url" '.server_url // $url')
  labels=$(printf '%s' "$2" | jq -c '.labels // []')
  ttl=$(printf '%s' "$2" | jq -r '.lease_ttl_secs // 30')
  authorization=$(printf '%s' "$2" | jq -r 'if .token then "Bearer " + .token else "" end')
  trust=$(printf '%s' "$2" | jq -r 'if .ca_file then "--cacert " + .ca_file else "" end')
  slots=$(printf '%s' "$2" | jq -r '.slots // 1')
  executor=$(printf '%s' "$2" | jq -r '.executor // "function"')
  # It reports the exit codes of commands.
  [ "$executor" != shell ] || labels=$(printf '%s' "$labels" | jq -c '. + ["feature:exit-codes"]')
  drain=$(printf '%s' "$2" | jq -r '(.drain_timeout_ms // 60000) / 1000')
  home=$folder/$name
  mkdir -p "$home"
  printf '%s' "$drain" > "$home/drain"
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
  echo '{}' > "$1/outputs"
  rm -f "$1/stopped" "$1/gone" "$1/permanent" "$1/told"
  if [ "$executor" = shell ]; then
    sh "$1/command" > "$1/stdout" 2> "$1/stderr" < /dev/null &
  else
    tell "$(event "$1" job_started)"
    run_steps "$1" > "$1/stdout" 2> "$1/stderr" < /dev/null &
  fi
  child=$!
  echo "$child" > "$1/running"
  keep_alive "$1" "$lease" "$child" &
  keeper=$!
  wait "$child"
  status=$?
  rm -f "$1/running"
  kill "$keeper" 2> /dev/null
  wait "$keeper" 2> /dev/null
  if [ "$executor" = function ]; then
    how=failed
    [ "$status" != 0 ] || how=returned
    [ "$status" != 143 ] || how=stopped
    tell "$(event "$1" job_ended | jq -c --arg how "$how" '. + {how: $how}')"
  fi
  push_log "$1" "$lease"
  [ ! -e "$1/gone" ] || return
  if [ -s "$1/told" ]; then
    # The server waits for this report before it starts the jobs that depend on this one.
    jq -c --slurpfile claim "$1/job" 'if .stop_reason == "timed_out"
      then {error: "timed out after \($claim[0].job.timeout_secs) s", retryable: true}
      else {error: "cancelled", retryable: false} end' < "$1/told" > "$1/report"
  elif [ "$status" = 0 ]; then
    jq -c '{outputs: .}' < "$1/outputs" > "$1/report"
    post_until_answered "/api/jobs/$lease/complete" "$1/report" "$1/reported"
    case $(cat "$1/reported") in 400 | 413) ;; *) return ;; esac
    # The lease is valid, but the server rejects the outputs.
    jq -c '{error: .message, retryable: false}' < "$1/reported.body" > "$1/report"
  elif [ -s "$1/permanent" ]; then
    jq -c '{error: .message[:4000], retryable}' < "$1/permanent" > "$1/report"
  else
    tail -c 4000 "$1/stderr" | jq -Rsc --argjson code "$status" \
      '{error: ("exit status \($code)\n" + .), retryable: true, exit_code: $code}' > "$1/report"
  fi
  post_until_answered "/api/jobs/$lease/fail" "$1/report" "$1/reported"
}

event() { # folder of the slot, event
  jq -c --arg event "$2" --arg worker "$name" \
    '{event: $event, worker: $worker, job_id: .job.job_id, workflow_id: .job.workflow_id, attempt: .job.attempt}' < "$1/job"
}

sorted='def sorted: if type == "object" then to_entries | sort_by(.key) | map(.value |= sorted) | from_entries else . end;'

# Runs the steps of the function executor. SIGTERM is the cancellation signal.
run_steps() { # folder of the slot
  trap 'exit 143' TERM
  # The server sets the variables of a matrix before the command.
  tail -n 1 "$1/command" | jq -c '.steps[]' > "$1/steps"
  while IFS= read -r step <&3; do
    key=$(printf '%s' "$step" | jq -r 'keys_unsorted[0]')
    value=$(printf '%s' "$step" | jq -c ".$key")
    case $key in
      log)
        if [ "$(printf '%s' "$step" | jq -r '.stream // "stdout"')" = stderr ]; then
          printf '%s' "$value" | jq -j . >&2
        else
          printf '%s' "$value" | jq -j .
        fi
        ;;
      log_lines) printf '%s' "$value" | awk -F '[:,}]' '{
        for (i = 0; i < $4 - 9; i++) fill = fill "x"
        for (i = 0; i < $2; i++) printf "%07d %s\n", i, fill
      }' ;;
      sleep_ms) doze "$(jq -n "$value / 1000")" ;;
      block_ms) sleep "$(jq -n "$value / 1000")" ;;
      wait_cancel) doze 86400 ;;
      until_file) until [ -e "$(printf '%s' "$value" | jq -r .)" ]; do doze 0.1; done ;;
      ignore_cancel_ms)
        trap '' TERM
        sleep "$(jq -n "$value / 1000")"
        ;;
      output) add_outputs "$1" "$value" ;;
      echo_upstream) add_outputs "$1" "$(jq "$sorted {upstream: (.job.upstream_outputs | sorted | tojson)}" < "$1/job")" ;;
      echo_inputs) add_outputs "$1" "$(jq "$sorted {inputs: (.job.inputs | sorted | tojson)}" < "$1/job")" ;;
      echo_child)
        add_outputs "$1" "$(jq '.job | {group, index, matrix: .matrix_json} | with_entries(select(.value != null) | .value |= tostring)' < "$1/job")"
        ;;
      fail) end_with "$1" "$value" ;;
      fail_until_attempt)
        [ "$(jq .job.attempt < "$1/job")" -ge "$value" ] || end_with "$1" '{"message": "once more", "retryable": true}'
        ;;
      throw) end_with "$1" "{\"message\": $value, \"retryable\": true}" ;;
      *) end_with "$1" "{\"message\": \"unknown step $key\", \"retryable\": false}" ;;
    esac
  done 3< "$1/steps"
}

# Sleeps, and wakes immediately on the signal.
doze() { # seconds
  sleep "$1" &
  sleeper=$!
  trap 'kill $sleeper; exit 143' TERM
  wait $sleeper
  trap 'exit 143' TERM
}

add_outputs() { # folder of the slot, object
  printf '%s' "$2" | jq -c --slurpfile before "$1/outputs" '$before[0] + .' > "$1/outputs.new"
  mv "$1/outputs.new" "$1/outputs"
}

end_with() { # folder of the slot, failure
  printf '%s' "$2" > "$1/permanent"
  exit 1
}

# Renews the lease while the job runs, and ends the job if it was cancelled, the lease is gone, or the worker stops.
keep_alive() { # folder of the slot, lease, process
  echo '{}' > "$1/renewal"
  every=$(jq -n --argjson ttl "$ttl" '[$ttl / 3, 1] | min')
  renewed_at=$(date +%s)
  while sleep "$every"; do
    sent_at=$(date +%s)
    post "/api/jobs/$2/heartbeat" "$1/renewal" "$1/renewed"
    case $(cat "$1/renewed") in
      409)
        : > "$1/gone"
        kill "$3"
        ;;
      200)
        renewed_at=$sent_at
        if [ "$(jq .cancelled < "$1/renewed.body")" = true ] && [ ! -s "$1/told" ]; then
          cp "$1/renewed.body" "$1/told"
          kill "$3"
          [ "$executor" = function ] || kill_in_time "$1" "$3" &
        fi
        ;;
    esac
    [ $(($(date +%s) - renewed_at)) -lt "$ttl" ] || kill "$3"
    [ ! -e "$home/terminate" ] || kill "$3"
  done
}

# A command has half of the server's stop timeout to end by itself.
kill_in_time() { # folder of the slot, process
  sleep "$(jq '(.stop_within_secs // 10) / 2' < "$1/told")"
  [ "$(cat "$1/running" 2> /dev/null)" != "$2" ] || kill -9 "$2"
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

# One call of a client, repeated until the response is final: the request id makes the repetition safe.
ask() { # method, path, body, file for the body of the answer
  until
    status=$(printf '%s' "$3" | curl -sS --max-time 60 -o "$4" -w '%{http_code}' -X "$1" \
      -H 'content-type: application/json' --data-binary @- "$server_url$2" 2> /dev/null) || status=000
    case $status in 000 | 5?? | 408 | 429) false ;; esac
  do
    sleep 0.1
  done
}

call() { # command
  id=$(printf '%s' "$1" | jq -r .id)
  target=$(printf '%s' "$1" | jq -r '.target // "" | @uri')
  request=$(printf '%s' "$1" | jq -r '.request_id // "" | @uri')
  : > "$folder/answer"
  case $(printf '%s' "$1" | jq -r .call) in
    create)
      ask POST "/api/workflows?request_id=$request" "$(printf '%s' "$1" | jq -c .definition)" "$folder/called"
      jq -j .id < "$folder/called" > "$folder/answer"
      ;;
    remove) ask DELETE "/api/workflows/$target" '' "$folder/called" ;;
    cancel)
      ask POST "/api/workflows/$target/cancel" "{\"request_id\":\"$request\"}" "$folder/called"
      jq -j .run_id < "$folder/called" > "$folder/answer"
      ;;
    read_log) read_log "/api/workflows/$target/jobs/$(printf '%s' "$1" | jq -r '.job_id | @uri')/logs?limit=1" ;;
  esac
  case $status in
    2??) error=null ;;
    *) error=$(jq -c .message < "$folder/called") ;;
  esac
  tell "$(jq -Rsc --arg id "$id" --argjson error "$error" '{event: "answered", id: $id, answer: ., error: $error}' \
    < "$folder/answer")"
}

read_log() { # path
  after=
  left=1000
  while [ "$left" -gt 0 ]; do
    left=$((left - 1))
    ask GET "$1&after=$after" '' "$folder/called"
    [ "$status" = 200 ] || return
    [ "$(jq length < "$folder/called")" -gt 0 ] || return
    jq -j '.[0].data' < "$folder/called" >> "$folder/answer"
    # Lines written by the server have separate stream names.
    after=$(jq -r '.[0] | "\(.attempt).\(.sequence).\(
      if .system_line then ["system-first", "system-stop", "system-end"][.system_line - 1] else .stream end)"' \
      < "$folder/called")
  done
}

while IFS= read -r line; do
  worker=$(printf '%s' "$line" | jq -r '.worker // ""')
  case $(printf '%s' "$line" | jq -r .do) in
    hello) tell '{"event":"hello","client":"shell","transports":["http"],"executors":["function","shell"],"has":["bytes","calls"]}' ;;
    start) start "$worker" "$(printf '%s' "$line" | jq -c '.options // {}')" & ;;
    drain)
      : > "$folder/$worker/stop"
      (sleep "$(cat "$folder/$worker/drain")" && : > "$folder/$worker/terminate") &
      ;;
    call) call "$line" ;;
    terminate) : > "$folder/$worker/stop" && : > "$folder/$worker/terminate" ;;
  esac
done
# The driver has closed stdin: everything that is still running ends with this process.
trap - EXIT
rm -rf "$folder"
trap '' TERM
kill -TERM 0
exit 0
