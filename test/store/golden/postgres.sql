-- activeBackfills
select "b"."no", "b"."id", "b"."workflow", "b"."schedule", "b"."spec", "b"."again", "b"."max_live", "b"."slots", "b"."total", "b"."position", "w"."id" as "workflow_id", "v"."job_count"
  from "backfills" as "b"
  inner join "workflows" as "w" on "w"."no" = "b"."workflow"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  where "b"."ended_at_ms" is null
  order by "b"."no"
  limit cast($1 as bigint)
  for update of "b" skip locked;

-- addLogTally
update "attempts"
  set "log_bytes" = attempts.log_bytes + r.bytes, "log_padding" = attempts.log_padding + r.padding, "has_output_lines" = case when r.flag = 1 then 1 else attempts.has_output_lines end
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number", cast(e.value ->> 2 as bigint) as "bytes", cast(e.value ->> 3 as bigint) as "padding", cast(e.value ->> 4 as bigint) as "flag"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number";

-- admitJobs
update "jobs"
  set "state" = "r"."state", "gate" = "r"."gate", "places" = "r"."places", "enqueued_at_ms" = cast($1 as bigint)
  from (select cast(e.value ->> 0 as bigint) as "id", e.value ->> 1 as "state", cast(e.value ->> 2 as bigint) as "gate", e.value ->> 3 as "places"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id" and ("jobs"."state" || '') = 'held'
  returning "jobs"."id", "jobs"."state", "jobs"."label_set", "jobs"."attempt";

-- admitRuns
update "runs"
  set "held" = 0, "gate_cancels" = 0, "gate_since_ms" = cast($1 as bigint), "activate_from" = 0, "deadline_ms" = cast($2 as bigint) + runs.timeout_ms
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($3 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "runs"."no" = "r"."no"
  returning "runs"."no", "runs"."version", "runs"."job_count", "runs"."generation", "runs"."deadline_ms";

-- advanceBackfill
update "backfills"
  set "position" = cast($1 as bigint), "started" = started + cast($2 as bigint), "skipped" = skipped + cast($3 as bigint), "refused" = refused + cast($4 as bigint), "last_error" = coalesce($5, last_error), "ended_at_ms" = $6
  where "no" = cast($7 as bigint);

-- allLabelSets
select "id", "labels"
  from "label_sets"
  where "id" > cast($1 as bigint)
  order by "id";

-- allPauses
select "p"."kind", "p"."subject", "p"."target", "p"."gate", "p"."reason", "p"."paused_at_ms", "p"."paused_by", (select t.name
  from tokens as t
  where t.id = p.paused_by) as "paused_by_name"
  from "pauses" as "p"
  order by "p"."kind", "p"."subject";

-- allTokens
select *
  from "tokens"
  order by "created_at_ms", "id";

-- anyActiveBackfill
select "no"
  from "backfills"
  where "ended_at_ms" is null
  order by "no"
  limit 1;

-- attemptStates
select "a"."job", "a"."number", "a"."worker_id", "a"."credential", "a"."lease_hash", "a"."request_hash", "a"."ttl_ms", "a"."claimed_at_ms", "a"."expires_at_ms", "a"."timeout_at_ms", "a"."deadline_ms", "a"."outcome", "a"."ended_at_ms", "a"."report_digest", "a"."error", "a"."log_bytes", "a"."log_padding", "a"."log_gap", "a"."has_output_lines", "a"."received", "a"."stop_reason", "a"."stop_by_ms", "j"."state" as "job_state", "j"."attempt" as "job_attempt", "j"."settled" as "job_settled", "j"."budget_from" as "job_budget_from"
  from "attempts" as "a"
  inner join "jobs" as "j" on "j"."id" = "a"."job"
  where "a"."job" = cast($1 as bigint) and "a"."number" = cast($2 as bigint);

-- attemptsByLease
select "a"."job", "a"."number", "a"."worker_id", "a"."credential", "a"."lease_hash", "a"."request_hash", "a"."ttl_ms", "a"."claimed_at_ms", "a"."expires_at_ms", "a"."timeout_at_ms", "a"."deadline_ms", "a"."outcome", "a"."ended_at_ms", "a"."report_digest", "a"."error", "a"."log_bytes", "a"."log_padding", "a"."log_gap", "a"."has_output_lines", "a"."received", "a"."stop_reason", "a"."stop_by_ms", "j"."state" as "job_state", "j"."attempt" as "job_attempt", "j"."settled" as "job_settled", "j"."budget_from" as "job_budget_from"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "attempts" as "a" on "a"."job" = "r"."job" and "a"."number" = "r"."number"
  inner join "jobs" as "j" on "j"."id" = a.job + 0;

-- attemptsOfJob
select "a"."number", "a"."worker_id", "a"."claimed_at_ms", "a"."ended_at_ms", "a"."outcome", substr(a.error, 1, cast(cast($1 as bigint) as integer)) as "error", "a"."exit_code", "a"."expires_at_ms", "a"."timeout_at_ms", "a"."log_gap", "a"."log_bytes", "a"."stop_reason", "a"."stop_by_ms"
  from "attempts" as "a"
  where "a"."job" = cast($2 as bigint) and "a"."number" <= cast($3 as bigint)
  order by "a"."number" desc
  limit cast($4 as bigint);

-- attemptsOfRequests
select "a"."request_hash", "a"."job", "a"."number", "a"."worker_id", "a"."credential", "a"."ttl_ms", "a"."claimed_at_ms", "a"."expires_at_ms", "a"."timeout_at_ms", "a"."stop_reason", "j"."enqueued_at_ms", "j"."delayed_until_ms", "j"."label_set", "j"."priority", "j"."matrix"
  from (select e.value ->> 0 as "request_hash"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "attempts" as "a" on "a"."request_hash" = "r"."request_hash"
  inner join "jobs" as "j" on "j"."id" = "a"."job"
  where ("a"."outcome" || '') is null;

-- attemptsToTrace
select "n"."id" as "run_id", "n"."traceparent", case when a.number >= j.budget_from then j.generation else 1 end as "generation", "w"."id" as "workflow_id", coalesce(v.key, (select g.key || '.' || c.idx
  from jobs as c join version_jobs as g on g.version = n.version and g.ord = c.group_ord
  where c.id = r.job)) as "key", "a"."number", "a"."worker_id", "a"."claimed_at_ms", "a"."ended_at_ms", "a"."outcome", "a"."error"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "attempts" as "a" on "a"."job" = "r"."job" and "a"."number" = "r"."number"
  inner join "jobs" as "j" on "j"."id" = "r"."job"
  inner join "runs" as "n" on "n"."no" = r.job / 1048576
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  left join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = r.job % 1048576;

-- auditBefore
select "a"."no", "a"."at_ms", "a"."action", "a"."subject", "a"."source", "a"."actor", "a"."data", "t"."name" as "actor_name"
  from "audit" as "a"
  left join "tokens" as "t" on "t"."id" = "a"."actor"
  where "a"."no" < cast($1 as bigint) and (cast($2 as text) = '' or "a"."action" = cast($3 as text)) and (cast($4 as text) = '' or "a"."subject" = cast($5 as text))
  order by "a"."no" desc
  limit cast($6 as bigint);

-- backfillsOfWorkflow
select "b"."no", "b"."id", "b"."schedule", "b"."from_ms", "b"."to_ms", "b"."newest_first", "b"."again", "b"."max_live", "b"."total", "b"."position", "b"."started", "b"."skipped", "b"."refused", "b"."last_error", "b"."created_at_ms", "b"."ended_at_ms", "b"."cancelled", (select t.name
  from tokens as t
  where t.id = b.created_by) as "created_by_name"
  from "backfills" as "b"
  where "b"."workflow" = cast($1 as bigint)
  order by "b"."no" desc
  limit cast($2 as bigint);

-- badNeeds
select distinct "v"."ord", "v"."key", "j"."state", "j"."conditional"
  from (select cast(e.value ->> 0 as bigint) as "ord"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "version_edges" as "e" on "e"."version" = cast($2 as bigint) and "e"."to_ord" = "r"."ord"
  inner join "jobs" as "j" on "j"."id" = cast($3 as bigint) * 1048576 + e.from_ord
  inner join "version_jobs" as "v" on "v"."version" = "e"."version" and "v"."ord" = "e"."from_ord"
  where "j"."state" in ('failure', 'skipped', 'cancelled') and "j"."tolerated" = 0
  order by "v"."ord"
  limit cast($4 as bigint);

-- beginRuns
update "runs"
  set "state" = 'running', "started_at_ms" = $1, "deadline_ms" = coalesce(runs.deadline_ms, cast($2 as bigint) + runs.timeout_ms)
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($3 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "runs"."no" = "r"."no" and ("runs"."state" || '') = 'queued'
  returning "runs"."no", "runs"."deadline_ms";

-- cancelBackfill
update "backfills"
  set "ended_at_ms" = $1, "cancelled" = 1
  where "workflow" = cast($2 as bigint) and "id" = cast($3 as text) and ("ended_at_ms" || '') is null
  returning "no";

-- cancelJobs
update "jobs"
  set "state" = 'cancelled', "ended_at_ms" = cast($1 as bigint), "settled" = case when cast($2 as bigint) = 1 and (state = 'running' or (state = 'waiting' and pending > 0)) then 2 else settled end
  where "id" >= cast($3 as bigint) and "id" < cast($4 as bigint) and (("state" in ('held', 'queued', 'delayed', 'waiting') and "conditional" <= cast($5 as bigint)) or "state" = 'running')
  returning "id", "attempt", "started_at_ms", "settled", "places";

-- cancelLiveAttempts
update "attempts"
  set "stop_reason" = 'cancelled', "stop_by_ms" = coalesce(attempts.stop_by_ms, cast($1 as bigint)), "deadline_ms" = least(case when attempts.received = 1 then attempts.expires_at_ms else attempts.deadline_ms end, coalesce(attempts.stop_by_ms, cast($2 as bigint)))
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number"
  from jsonb_array_elements(cast($3 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number" and ("attempts"."outcome" || '') is null
  returning "attempts"."job", "attempts"."number", "attempts"."claimed_at_ms", "attempts"."deadline_ms";

-- cancelMatrices
update "matrices"
  set "cancel_from" = 0, "to_do" = 1
  where "job" >= cast($1 as bigint) and "job" < cast($2 as bigint) and "open" > 0 and exists (select "j"."id"
  from "jobs" as "j"
  where "j"."id" = "matrices"."job" and "j"."conditional" <= cast($3 as bigint))
  returning "job";

-- cancelRequest
select "e"."at_ms", "e"."data"
  from "events" as "e"
  where "e"."run" = cast($1 as bigint) and "e"."type" = 'run.cancel_requested' and "e"."at_ms" >= cast($2 as bigint)
  order by "e"."number"
  limit 1;

-- cancelRunningJobs
update "jobs"
  set "state" = 'cancelled', "ended_at_ms" = cast($1 as bigint), "settled" = 2
  from (select cast(e.value ->> 0 as bigint) as "id"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id" and ("jobs"."state" || '') = 'running'
  returning "jobs"."id", "jobs"."attempt", "jobs"."settled", "jobs"."places";

-- changedJobsToHold
select "j"."id", "j"."state", "j"."places"
  from (select cast(e.value ->> 0 as bigint) as "id"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id"
  where "j"."state" in ('queued', 'held')
  order by "j"."id"
  for update of "j";

-- childByIndex
select "j"."id", "v"."ord"
  from "version_jobs" as "v"
  inner join "matrices" as "m" on "m"."job" = cast($1 as bigint) * 1048576 + v.ord
  inner join "jobs" as "j" on "j"."id" = cast($2 as bigint) * 1048576 + (v.children_from + cast($3 as bigint))
  where "v"."version" = cast($4 as bigint) and "v"."key" = cast($5 as text) and "v"."children_from" is not null and "m"."total" > cast($6 as bigint);

-- childTexts
select "id", "name", "matrix"
  from "jobs"
  where "id" >= cast($1 as bigint) and "id" < cast($2 as bigint)
  order by "id";

-- childValues
select "j"."id", "j"."matrix"
  from (select cast(e.value ->> 0 as bigint) as "id"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id";

-- childrenOfNode
select "v"."ord", "v"."key", "v"."spec", "j"."id" as "job", "j"."state", "j"."attempt", "j"."started_at_ms", "j"."ended_at_ms", "j"."delayed_until_ms", substr(j.error, 1, 1000) as "error", octet_length("j"."error") as "error_bytes", case when octet_length(j.outputs) <= 1000 then j.outputs end as "outputs", octet_length("j"."outputs") as "outputs_bytes", "j"."label_set", "j"."priority", "j"."name", "j"."tolerated", "j"."idx", "a"."worker_id", "a"."log_gap", "a"."exit_code"
  from "version_jobs" as "v"
  inner join "jobs" as "j" on "j"."id" >= cast($1 as bigint) and "j"."id" < cast($2 as bigint)
  left join "attempts" as "a" on "a"."job" = "j"."id" and "a"."number" = "j"."attempt"
  where "v"."version" = cast($3 as bigint) and "v"."ord" = cast($4 as bigint)
  order by "j"."id";

-- claimableBySet
select "label_set", count(*) as "jobs", min(enqueued_at_ms) as "oldest_ms"
  from "jobs"
  where "state" = 'queued'
  group by "label_set";

-- claimableJobs
select "j"."id", "j"."label_set", "j"."priority", "j"."attempt", "j"."enqueued_at_ms", "j"."delayed_until_ms", "j"."matrix"
  from ( with heads as materialized ( select q.id
  from jsonb_array_elements(cast($1 as jsonb)) as s(id) cross join lateral ( select h.id
  from jobs as h
  where h.label_set = cast(s.id as bigint) and h.state = 'queued'
  order by h.priority desc, h.enqueued_at_ms, h.id
  limit cast(cast($2 as bigint) as bigint) * 4 + 8) as q
  where jsonb_typeof(s.id) = 'number') select t.*
  from heads join jobs as t on t.id = heads.id
  where heads.id % 1 = 0 and t.state || '' = 'queued'
  order by t.priority desc, t.enqueued_at_ms, t.id
  limit cast(cast($3 as bigint) as bigint)
  for update of t skip locked) as "j"
  order by "j"."priority" desc, "j"."enqueued_at_ms", "j"."id"
  limit cast($4 as bigint);

-- claimableLabelSets
select "s"."id"
  from "label_sets" as "s"
  where (select j.id
  from jobs as j
  where j.label_set = "s"."id" and j.state = 'queued'
  limit 1) is not null;

-- clearLogGaps
update "attempts"
  set "log_gap" = $1, "log_gap_outputs" = $2
  where "job" >= cast($3 as bigint) and "job" < cast($4 as bigint) and "log_gap" is not null;

-- clearToDoIfUnchanged
update "matrices"
  set "to_do" = 0, "expand_from" = $1, "decide_from" = $2, "cancel_from" = $3, "combinations" = $4
  where "job" = cast($5 as bigint) and "open" = cast($6 as bigint) and coalesce(expand_from, -1) = cast($7 as bigint) and coalesce(decide_from, -1) = cast($8 as bigint) and coalesce(cancel_from, -1) = cast($9 as bigint);

-- closeNode
update "jobs"
  set "state" = cast($1 as text), "ended_at_ms" = $2, "error" = $3, "outputs" = $4, "tolerated" = $5
  where "id" = cast($6 as bigint) and ("state" || '') = 'open'
  returning "id";

-- countHolders
select count(*) as "count"
  from "runs" as "n"
  where "n"."gate" = cast($1 as bigint) and "n"."ended_at_ms" is null and "n"."held" = 0;

-- countJobHolders
select count(*) as "count"
  from "jobs" as "j"
  where "j"."gate" = cast($1 as bigint) and "j"."gate" is not null and "j"."state" in ('queued', 'delayed', 'running');

-- countJobsOfRange
select count(*) as "count"
  from "jobs"
  where "id" >= cast($1 as bigint) and "id" < cast($2 as bigint);

-- countParallelChildren
select count(*) as "count"
  from "jobs" as "j"
  where "j"."id" >= cast($1 as bigint) / 1048576 * 1048576 + 262144 and "j"."id" < (cast($2 as bigint) / 1048576 + 1) * 1048576 and "j"."group_ord" = cast($3 as bigint) % 1048576 and "j"."places" is not null and ("j"."state" in ('queued', 'delayed', 'running') or ("j"."state" = 'held' and "j"."gate" <> cast($4 as bigint)));

-- countPauses
select count(*) as "count"
  from "pauses";

-- countPrunable
select coalesce(sum(case when n.ended_at_ms < cast($1 as bigint) and (w.newest_run is null or w.newest_run <> n.no or (w.removed_at_ms is not null and w.source = 'api')) then 1 else 0 end), 0) as "runs", coalesce(sum(case when n.logs_pruned = 0 and n.ended_at_ms < cast($2 as bigint) and not (n.ended_at_ms < cast($3 as bigint) and (w.newest_run is null or w.newest_run <> n.no or (w.removed_at_ms is not null and w.source = 'api'))) then 1 else 0 end), 0) as "logs"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  where "n"."ended_at_ms" is not null;

-- countPrunedEvents
update "counters"
  set "value" = value + cast($1 as bigint)
  where "name" = 'pruned_events'
  returning "value";

-- countRunJobs
select "r"."no" as "run", "j"."state", case when j.state = 'queued' then j.label_set else 0 end as "label_set", count(*) as "jobs", cast(sum(j.attempt) as bigint) as "retries", cast(sum(j.tolerated) as bigint) as "tolerated"
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "jobs" as "j" on "j"."id" >= r.no * 1048576 and "j"."id" < r.no * 1048576 + 262144
  group by "r"."no", "j"."state", case when j.state = 'queued' then j.label_set else 0 end;

-- countVariables
select count(*) as "count"
  from "variables"
  where "workflow" >= 0;

-- countWaitingRuns
select count(*) as "count"
  from "runs" as "n"
  where "n"."gate" = cast($1 as bigint) and "n"."held" = 1 and "n"."cancel_requested_at_ms" is null;

-- currentVersion
select "w"."no" as "workflow", "w"."id" as "workflow_id", "w"."source", "w"."removed_at_ms", "v"."no" as "version", "v"."number", "v"."hash", "v"."name", "v"."trigger", "v"."job_count", "v"."survivor_count", "v"."conditional_roots", "v"."root_label_sets", "v"."start_spec"
  from "workflows" as "w"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  where "w"."id" = cast($1 as text);

-- currentVersions
select "w"."no" as "workflow", "w"."id" as "workflow_id", "w"."source", "w"."removed_at_ms", "v"."no" as "version", "v"."number", "v"."hash", "v"."name", "v"."trigger", "v"."job_count", "v"."survivor_count", "v"."conditional_roots", "v"."root_label_sets", "v"."start_spec"
  from (select e.value ->> 0 as "id"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "workflows" as "w" on "w"."id" = "r"."id"
  inner join "versions" as "v" on "v"."no" = "w"."current_version";

-- currentVersionsOfRuns
select "n"."id" as "run_id", "n"."inputs", "w"."no" as "workflow", "w"."id" as "workflow_id", "w"."source", "w"."removed_at_ms", "v"."no" as "version", "v"."number", "v"."hash", "v"."name", "v"."trigger", "v"."job_count", "v"."survivor_count", "v"."conditional_roots", "v"."root_label_sets", "v"."start_spec"
  from (select e.value ->> 0 as "id"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "runs" as "n" on "n"."id" = "r"."id"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "w"."current_version";

-- deleteAttempts
delete
  from "attempts"
  where ("attempts"."job", "attempts"."number") in (select "r"."job", "r"."number"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r");

-- deleteAttemptsOfRange
delete
  from "attempts"
  where ("job", "number") in (select "a"."job", "a"."number"
  from "attempts" as "a"
  where "a"."job" >= cast($1 as bigint) and "a"."job" < cast($2 as bigint)
  limit cast($3 as bigint))
  returning "job";

-- deleteAuditUpTo
delete
  from "audit"
  where "no" <= cast($1 as bigint);

-- deleteBackfillsOfWorkflow
delete
  from "backfills"
  where "workflow" = cast($1 as bigint);

-- deleteEndedRun
delete
  from "runs"
  where "no" = cast($1 as bigint) and ("ended_at_ms" || '') is not null
  returning "no";

-- deleteEventsOfRun
delete
  from "events"
  where "number" in (select "e"."number"
  from "events" as "e"
  where "e"."run" = cast($1 as bigint)
  limit cast($2 as bigint))
  returning "number";

-- deleteIdleGates
delete
  from "gates"
  where "no" in (select "g"."no"
  from "gates" as "g"
  where "g"."in_use" = 0 and "g"."changed_at_ms" < cast($1 as bigint) and not exists (select "n"."no"
  from "runs" as "n"
  where "n"."gate" = "g"."no") and not exists (select "p"."gate"
  from "pauses" as "p"
  where "p"."gate" = "g"."no") and (select h.id
  from jobs as h
  where h.gate = "g"."no" and h.state = 'held'
  limit 1) is null
  order by "g"."changed_at_ms"
  limit cast($2 as bigint)) and "in_use" = 0 and "changed_at_ms" < cast($3 as bigint)
  returning "no";

-- deleteJobsOfRange
delete
  from "jobs"
  where "id" >= cast($1 as bigint) and "id" < cast($2 as bigint);

-- deleteLogChunks
delete
  from "log_chunks"
  where ("job", "attempt", "sequence", "stream") in (select "c"."job", "c"."attempt", "c"."sequence", "c"."stream"
  from "log_chunks" as "c"
  where "c"."job" >= cast($1 as bigint) and "c"."job" < cast($2 as bigint)
  limit cast($3 as bigint))
  returning "job";

-- deleteLogRange
delete
  from "log_chunks"
  where "job" = cast($1 as bigint) and "attempt" = cast($2 as bigint) and (sequence, stream) > (cast($3 as bigint), cast($4 as bigint)) and (sequence, stream) <= (cast($5 as bigint), cast($6 as bigint));

-- deleteLogsOfAttempts
delete
  from "log_chunks"
  where ("log_chunks"."job", "log_chunks"."attempt") in (select "r"."job", "r"."attempt"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "attempt"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r");

-- deleteMatrices
delete
  from "matrices"
  where "job" in (select "r"."id"
  from (select cast(e.value ->> 0 as bigint) as "id"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r");

-- deleteMatricesOfRun
delete
  from "matrices"
  where "job" >= cast($1 as bigint) and "job" < cast($2 as bigint);

-- deleteOldBackfills
delete
  from "backfills"
  where "workflow" = cast($1 as bigint) and "no" < cast($2 as bigint) and "ended_at_ms" is not null;

-- deleteOldSessions
delete
  from "sessions"
  where ("expires_at_ms" <= cast($1 as bigint) or ("token" = cast($2 as text) and "hash" not in (select "s"."hash"
  from "sessions" as "s"
  where "s"."token" = cast($3 as text)
  order by "s"."created_at_ms" desc, "s"."hash"
  limit cast($4 as bigint))));

-- deletePause
delete
  from "pauses"
  where "kind" = cast($1 as text) and "subject" = cast($2 as text)
  returning "gate";

-- deleteRerunsOfRun
delete
  from "reruns"
  where "run" = cast($1 as bigint);

-- deleteRunBeingMade
delete
  from "runs"
  where "no" = cast($1 as bigint) and ("state" || '') = 'creating'
  returning "no";

-- deleteRunFigures
delete
  from "run_figures"
  where "run" = cast($1 as bigint);

-- deleteSchedule
delete
  from "schedules"
  where "workflow" = cast($1 as bigint) and "id" = cast($2 as text);

-- deleteSchedulesOfWorkflow
delete
  from "schedules"
  where "workflow" = (select "no"
  from "workflows"
  where "id" = cast($1 as text));

-- deleteSchedulesOfWorkflowNo
delete
  from "schedules"
  where "workflow" = cast($1 as bigint);

-- deleteSession
delete
  from "sessions"
  where "hash" = cast($1 as text)
  returning "token";

-- deleteSomeJobs
delete
  from "jobs"
  where "id" in (select "j"."id"
  from "jobs" as "j"
  where "j"."id" >= cast($1 as bigint) and "j"."id" < cast($2 as bigint)
  limit cast($3 as bigint))
  returning "id";

-- deleteStalePauses
delete
  from "pauses"
  where (("kind" = 'run' and (select n.no
  from runs as n
  where n.no = pauses.target and n.ended_at_ms is null
  limit 1) is null) or ("kind" = 'workflow' and (select w.no
  from workflows as w
  where w.no = pauses.target
  limit 1) is null))
  returning "kind";

-- deleteVariable
delete
  from "variables"
  where "workflow" = cast($1 as bigint) and "name" = cast($2 as text)
  returning "name";

-- deleteVariablesOfWorkflow
delete
  from "variables"
  where "workflow" = cast($1 as bigint);

-- deleteVersion
delete
  from "versions"
  where "no" = cast($1 as bigint);

-- deleteVersionEdges
delete
  from "version_edges"
  where "version" = cast($1 as bigint);

-- deleteVersionJobs
delete
  from "version_jobs"
  where "version" = cast($1 as bigint);

-- deleteVersionText
delete
  from "version_texts"
  where "version" = cast($1 as bigint);

-- deleteVersionUnlessWhole
delete
  from "versions"
  where "no" = cast($1 as bigint) and "whole" = 0
  returning "no";

-- deleteWorkflow
delete
  from "workflows"
  where "no" = cast($1 as bigint);

-- directDependants
select distinct "e"."to_ord" as "ord"
  from (select cast(e.value ->> 0 as bigint) as "ord"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r" cross join "version_edges" as "e"
  where "e"."version" = cast($2 as bigint) and "e"."from_ord" = "r"."ord";

-- drainWorker
update "workers"
  set "drained_at_ms" = cast($1 as bigint), "drained_by" = $2, "drain_reason" = cast($3 as text), "drain_stop" = cast($4 as bigint)
  where "id" = cast($5 as text) and ("drained_at_ms" is null or "drain_stop" <> cast($6 as bigint))
  returning "id";

-- drainingWorkers
select "id", "drain_stop"
  from "workers"
  where "drained_at_ms" is not null
  order by "id";

-- dueSchedules
select "s"."workflow", "s"."id", "s"."spec", "s"."next_slot_ms", "s"."due_at_ms", "s"."last_slot_ms", "s"."last_outcome", "s"."last_run", "s"."last_error", "s"."paused_at_ms", "s"."paused_by", "s"."pause_reason", "w"."id" as "workflow_id", "v"."job_count"
  from "schedules" as "s"
  inner join "workflows" as "w" on "w"."no" = "s"."workflow"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  where "s"."due_at_ms" <= cast($1 as bigint) and "s"."due_at_ms" is not null
  order by "s"."due_at_ms"
  limit cast($2 as bigint)
  for update of "s" skip locked;

-- endAttemptsIfLive
update "attempts"
  set "outcome" = "r"."outcome", "ended_at_ms" = "r"."at_ms", "report_digest" = "r"."digest", "error" = "r"."error", "exit_code" = "r"."exit_code"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number", e.value ->> 2 as "outcome", cast(e.value ->> 3 as bigint) as "at_ms", e.value ->> 4 as "digest", e.value ->> 5 as "error", cast(e.value ->> 6 as bigint) as "exit_code"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number" and ("attempts"."outcome" || '') is null
  returning "attempts"."job";

-- endRuns
update "runs"
  set "state" = "r"."state", "ended_at_ms" = "r"."at_ms", "held" = 0, "gate_cancels" = 0, "deadline_ms" = $1, "has_figures" = 1
  from (select cast(e.value ->> 0 as bigint) as "no", e.value ->> 1 as "state", cast(e.value ->> 2 as bigint) as "at_ms"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "runs"."no" = "r"."no";

-- endedNeeds
select "r"."job", "v"."key", "j"."state", "j"."tolerated", "j"."outputs", substr(j.error, 1, 1001) as "error", "j"."attempt", "j"."started_at_ms", "j"."ended_at_ms"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "run", cast(e.value ->> 2 as bigint) as "version", cast(e.value ->> 3 as bigint) as "ord"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "version_edges" as "e" on "e"."version" = "r"."version" and "e"."to_ord" = "r"."ord"
  inner join "jobs" as "j" on "j"."id" = r.run * 1048576 + e.from_ord
  inner join "version_jobs" as "v" on "v"."version" = "e"."version" and "v"."ord" = "e"."from_ord";

-- ensureGates
insert into "gates" ("key", "in_use", "changed_at_ms") select "r"."key", 0 as "in_use", cast($1 as bigint) as "changed_at_ms"
  from (select e.value ->> 0 as "key"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where true
  order by "r"."key"
  on conflict ("key") do nothing;

-- ensureLabelSets
insert into "label_sets" ("labels") select "r"."labels"
  from (select e.value ->> 0 as "labels"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where true
  order by "r"."labels"
  on conflict ("labels") do nothing;

-- ensureWorkflow
insert into "workflows" ("id", "source", "created_at_ms")
  values ($1, $2, $3)
  on conflict ("id") do update
  set "source" = excluded.source
  returning "no", "source", "current_version";

-- eventsAfter
select "e"."number", "e"."at_ms", "e"."type", "n"."id" as "run_id", coalesce(v.key, (select g.key || '.' || c.idx
  from jobs as c join version_jobs as g on g.version = n.version and g.ord = c.group_ord
  where c.id = e.job)) as "key", "e"."attempt", "e"."data"
  from "events" as "e"
  left join "runs" as "n" on "n"."no" = "e"."run"
  left join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = e.job % 1048576
  where "e"."number" > cast($1 as bigint)
  order by "e"."number"
  limit cast($2 as bigint);

-- eventsOfRunAfter
select "e"."number", "e"."at_ms", "e"."type", "n"."id" as "run_id", coalesce(v.key, (select g.key || '.' || c.idx
  from jobs as c join version_jobs as g on g.version = n.version and g.ord = c.group_ord
  where c.id = e.job)) as "key", "e"."attempt", "e"."data"
  from "events" as "e"
  inner join "runs" as "n" on "n"."no" = "e"."run"
  left join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = e.job % 1048576
  where "e"."run" = cast($1 as bigint) and "e"."number" > cast($2 as bigint)
  order by "e"."number"
  limit cast($3 as bigint);

-- examplesOfRun
select "v"."key", "g"."state", "g"."label_set", "g"."conditional"
  from (select "j"."id", "j"."state", case when j.state = 'queued' then j.label_set else 0 end as "label_set", case when j.state = 'skipped' then j.conditional else 0 end as "conditional", row_number() over (partition by j.state, case when j.state = 'queued' then j.label_set else 0 end, case when j.state = 'skipped' then j.conditional else 0 end
  order by j.id) as "place"
  from "jobs" as "j"
  where "j"."id" >= cast($1 as bigint) * 1048576 and "j"."id" < cast($2 as bigint) * 1048576 + 262144 and "j"."state" != 'success' and "j"."state" != 'failure') as "g"
  inner join "version_jobs" as "v" on "v"."version" = cast($3 as bigint) and "g"."id" = cast($4 as bigint) * 1048576 + v.ord
  where "g"."place" <= cast($5 as bigint)
  order by "g"."id";

-- failInQueue
update "jobs"
  set "state" = 'failure', "ended_at_ms" = cast($1 as bigint), "error" = "r"."error", "tolerated" = "r"."tolerated"
  from (select cast(e.value ->> 0 as bigint) as "id", e.value ->> 1 as "error", cast(e.value ->> 2 as bigint) as "tolerated"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id" and ("jobs"."state" || '') in ('queued', 'held')
  returning "jobs"."id", "jobs"."places";

-- failedChildOfNode
select "v"."key", "j"."idx", "j"."name", "j"."error"
  from "matrices" as "m"
  inner join "version_jobs" as "v" on "v"."version" = cast($1 as bigint) and "v"."ord" = cast($2 as bigint) % 1048576
  inner join "jobs" as "j" on "j"."id" >= cast($3 as bigint) / 1048576 * 1048576 + v.children_from and "j"."id" < cast($4 as bigint) / 1048576 * 1048576 + v.children_from + m.total
  where "m"."job" = cast($5 as bigint) and "j"."state" = 'failure'
  order by "j"."id"
  limit 1;

-- failuresOfRun
select "v"."key", "j"."tolerated", substr(j.error, 1, cast(cast($1 as bigint) as integer)) as "error"
  from "jobs" as "j"
  inner join "version_jobs" as "v" on "v"."version" = cast($2 as bigint) and "j"."id" = cast($3 as bigint) * 1048576 + v.ord
  where "j"."id" >= cast($4 as bigint) * 1048576 and "j"."id" < cast($5 as bigint) * 1048576 + 262144 and "j"."state" = 'failure'
  order by "j"."id"
  limit cast($6 as bigint);

-- figuresOfAll
select "ended_at_ms", "state", "duration_ms", "waiting_ms"
  from "run_figures"
  where "ended_at_ms" >= cast($1 as bigint)
  order by "ended_at_ms" desc
  limit cast($2 as bigint);

-- figuresOfWorkflow
select "ended_at_ms", "state", "duration_ms", "waiting_ms"
  from "run_figures"
  where "workflow" = cast($1 as bigint) and "ended_at_ms" >= cast($2 as bigint)
  order by "ended_at_ms" desc
  limit cast($3 as bigint);

-- fileWorkflows
select "id", "removed_at_ms"
  from "workflows"
  where "source" = 'file';

-- finishFilling
update "runs"
  set "state" = 'queued', "activate_from" = $1
  where "no" = cast($2 as bigint) and "state" = 'creating'
  returning "workflow";

-- finishVersion
update "versions"
  set "whole" = $1
  where "no" = cast($2 as bigint);

-- firstClaimable
select "j"."id"
  from "jobs" as "j"
  where "j"."label_set" = cast($1 as bigint) and "j"."state" = 'queued'
  order by "j"."priority" desc, "j"."enqueued_at_ms", "j"."id"
  limit cast($2 as bigint);

-- firstFailures
select "r"."no" as "run", case when j.idx is null then v.key else v.key || '.' || j.idx end as "key", substr(j.error, 1, 2000) as "error"
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  inner join "jobs" as "j" on "j"."id" = (select "f"."id"
  from "jobs" as "f"
  where "f"."id" >= r.no * 1048576 and "f"."id" < (r.no + 1) * 1048576 and "f"."state" = 'failure' and "f"."tolerated" = 0
  order by "f"."ended_at_ms", "f"."id"
  limit 1)
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = coalesce(j.group_ord, j.id % 1048576);

-- firstFigures
select "ended_at_ms"
  from "run_figures"
  where "workflow" = cast($1 as bigint)
  order by "ended_at_ms"
  limit 1;

-- firstFiguresOfAll
select "ended_at_ms"
  from "run_figures"
  where "ended_at_ms" >= 0
  order by "ended_at_ms"
  limit 1;

-- firstHeldJobs
select "j"."id", "j"."places", "j"."enqueued_at_ms"
  from "jobs" as "j"
  where "j"."gate" = cast($1 as bigint) and "j"."state" = 'held'
  order by "j"."gate", "j"."priority" desc, "j"."enqueued_at_ms", "j"."id"
  limit cast($2 as bigint)
  for update of "j" skip locked;

-- firstRunFromId
select "no"
  from "runs"
  where "id" >= cast($1 as text)
  order by "id"
  limit 1;

-- firstWaitingRuns
select "n"."no", "n"."id", coalesce(n.gate_max, 1) as "max"
  from "runs" as "n"
  where "n"."gate" = cast($1 as bigint) and "n"."held" = 1 and "n"."cancel_requested_at_ms" is null and "n"."rerun_from" is null
  order by "n"."gate", "n"."gate_since_ms", "n"."no"
  limit cast($2 as bigint)
  for update of "n" skip locked;

-- forgetNewestRun
update "workflows"
  set "newest_run" = $1
  where "no" = cast($2 as bigint) and "newest_run" = cast($3 as bigint);

-- gapOutputs
select "log_gap", "log_gap_outputs"
  from "attempts"
  where "job" = cast($1 as bigint) and "number" = cast($2 as bigint);

-- gateOfHeldJob
select "g"."no", "g"."key", "g"."in_use", "j"."places", "j"."enqueued_at_ms" as "since_ms", "v"."key" as "node_key"
  from "jobs" as "j"
  inner join "gates" as "g" on "g"."no" = "j"."gate"
  inner join "runs" as "n" on "n"."no" = j.id / 1048576
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = coalesce(j.group_ord, j.id % 1048576)
  where "j"."id" = cast($1 as bigint) and ("j"."state" || '') = 'held';

-- gatesByKey
select "g"."no", "g"."key"
  from (select e.value ->> 0 as "key"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "gates" as "g" on "g"."key" = "r"."key";

-- gatesInUse
select "g"."no", "g"."key", "g"."in_use"
  from "gates" as "g"
  where "g"."key" >= cast($1 as text) and "g"."key" < cast($2 as text) and ("g"."in_use" > 0 or (select "n"."held"
  from "runs" as "n"
  where "n"."gate" = "g"."no" and "n"."held" = 1
  limit 1) = 1 or (select h.id
  from jobs as h
  where h.gate = "g"."no" and h.state = 'held'
  limit 1) is not null)
  order by "g"."key"
  limit cast($3 as bigint);

-- gatesOfEndedPauses
select "g"."no", "g"."key"
  from "gates" as "g"
  where "g"."key" >= cast($1 as text) and "g"."key" < cast($2 as text) and not exists (select "p"."gate"
  from "pauses" as "p"
  where "p"."gate" = "g"."no") and ((select h.id
  from jobs as h
  where h.gate = g.no and h.state = 'held'
  limit 1) is not null or (select n.no
  from runs as n
  where n.gate = g.no and n.held = 1
  limit 1) is not null)
  order by "g"."key"
  limit cast($3 as bigint);

-- gatesWithHeldJobs
select "g"."no" as "gate"
  from "gates" as "g"
  where "g"."no" > cast($1 as bigint) and (select h.id
  from jobs as h
  where h.gate = "g"."no" and h.state = 'held'
  limit 1) is not null
  order by "g"."no"
  limit cast($2 as bigint);

-- gatesWithWaiting
select "n"."gate"
  from "runs" as "n"
  where "n"."held" = 1 and "n"."gate" > cast($1 as bigint)
  group by "n"."gate"
  order by "n"."gate"
  limit cast($2 as bigint);

-- graceForLiveLeases
update "attempts"
  set "expires_at_ms" = greatest(expires_at_ms, cast($1 as bigint) + ttl_ms), "timeout_at_ms" = case when timeout_at_ms is null or stop_by_ms is not null then timeout_at_ms else greatest(timeout_at_ms, cast($2 as bigint) + ttl_ms) end, "deadline_ms" = case when stop_by_ms is null then greatest(deadline_ms, cast($3 as bigint) + ttl_ms) else least(greatest(expires_at_ms, cast($4 as bigint) + ttl_ms), greatest(stop_by_ms, cast($5 as bigint) + cast($6 as bigint))) end, "stop_by_ms" = case when stop_by_ms is null then null else greatest(stop_by_ms, cast($7 as bigint) + cast($8 as bigint)) end
  where "outcome" is null
  returning "job";

-- groupByKey
select "v"."ord", "v"."children_from"
  from "version_jobs" as "v"
  where "v"."version" = cast($1 as bigint) and "v"."key" = cast($2 as text) and "v"."children_from" is not null;

-- groupsOfVersion
select "v"."ord", "v"."children_from"
  from "version_jobs" as "v"
  where "v"."version" = cast($1 as bigint) and "v"."children_from" is not null
  order by "v"."ord";

-- hasVersionText
select "version"
  from "version_texts"
  where "version" = cast($1 as bigint);

-- holdJobs
update "jobs"
  set "state" = 'held', "gate" = "r"."gate", "places" = "r"."places"
  from (select cast(e.value ->> 0 as bigint) as "id", cast(e.value ->> 1 as bigint) as "gate", e.value ->> 2 as "places"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id" and ("jobs"."state" || '') in ('queued', 'held')
  returning "jobs"."id";

-- holdersOfGate
select "n"."no", "n"."id", "w"."id" as "workflow_id", coalesce(n.gate_since_ms, n.created_at_ms) as "since_ms", coalesce(n.gate_max, 1) as "max", "n"."cancel_requested_at_ms"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  where "n"."gate" = cast($1 as bigint) and "n"."ended_at_ms" is null and "n"."held" = 0
  order by "n"."gate_since_ms", "n"."no"
  limit cast($2 as bigint);

-- holdersOfRun
select "v"."key", "f"."state", count(*) as "holds", count(*) over () as "holders"
  from "jobs" as "f"
  inner join "version_jobs" as "v" on "v"."version" = cast($1 as bigint) and "f"."id" = cast($2 as bigint) * 1048576 + v.ord
  inner join "version_edges" as "e" on "e"."version" = "v"."version" and "e"."from_ord" = "v"."ord"
  inner join "jobs" as "t" on "t"."id" = cast($3 as bigint) * 1048576 + e.to_ord
  where "f"."id" >= cast($4 as bigint) * 1048576 and "f"."id" < cast($5 as bigint) * 1048576 + 262144 and "f"."state" in ('queued', 'running', 'open', 'delayed') and "t"."state" = 'waiting'
  group by "f"."id", "f"."state", "v"."key"
  order by count(*) desc, "f"."id"
  limit cast($6 as bigint);

-- insertAttempts
insert into "attempts" ("job", "number", "worker_id", "credential", "lease_hash", "request_hash", "ttl_ms", "claimed_at_ms", "expires_at_ms", "timeout_at_ms", "deadline_ms", "received", "log_bytes", "has_output_lines") select "r"."job", "r"."number", "r"."worker_id", "r"."credential", "r"."lease_hash", "r"."request_hash", "r"."ttl_ms", "r"."claimed_at_ms", "r"."expires_at_ms", "r"."timeout_at_ms", "r"."deadline_ms", "r"."received", 0 as "log_bytes", 0 as "has_output_lines"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number", e.value ->> 2 as "worker_id", e.value ->> 3 as "credential", e.value ->> 4 as "lease_hash", e.value ->> 5 as "request_hash", cast(e.value ->> 6 as bigint) as "ttl_ms", cast(e.value ->> 7 as bigint) as "claimed_at_ms", cast(e.value ->> 8 as bigint) as "expires_at_ms", cast(e.value ->> 9 as bigint) as "timeout_at_ms", cast(e.value ->> 10 as bigint) as "deadline_ms", cast(e.value ->> 11 as bigint) as "received"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r";

-- insertAudit
insert into "audit" ("at_ms", "action", "subject", "source", "actor", "data") select "r"."at_ms", "r"."action", "r"."subject", "r"."source", "r"."actor", "r"."data"
  from (select cast(e.value ->> 0 as bigint) as "at_ms", e.value ->> 1 as "action", e.value ->> 2 as "subject", e.value ->> 3 as "source", e.value ->> 4 as "actor", e.value ->> 5 as "data"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r";

-- insertBackfill
insert into "backfills" ("id", "workflow", "schedule", "spec", "from_ms", "to_ms", "newest_first", "again", "max_live", "slots", "total", "created_at_ms", "created_by", "ended_at_ms", "last_error")
  values (cast($1 as text), cast($2 as bigint), cast($3 as text), cast($4 as text), cast($5 as bigint), cast($6 as bigint), cast($7 as bigint), cast($8 as bigint), cast($9 as bigint), cast($10 as text), cast($11 as bigint), cast($12 as bigint), $13, $14, $15);

-- insertChildren
insert into "jobs" ("id", "label_set", "priority", "state", "conditional", "pending", "bad", "attempt", "enqueued_at_ms", "ended_at_ms", "error", "name", "settled", "generation", "budget_from", "tolerated", "group_ord", "idx", "matrix") select "r"."id", "r"."label_set", "r"."priority", "r"."state", "r"."conditional", 0 as "pending", 0 as "bad", coalesce((select max(a.number)
  from attempts as a
  where a.job = "r"."id"), -1) + 1 as "attempt", "r"."enqueued_at_ms", "r"."ended_at_ms", "r"."error", "r"."name", 1 as "settled", "r"."generation", coalesce((select max(a.number)
  from attempts as a
  where a.job = "r"."id"), -1) + 1 as "budget_from", "r"."tolerated", "r"."group_ord", "r"."idx", "r"."matrix"
  from (select cast(e.value ->> 0 as bigint) as "id", cast(e.value ->> 1 as bigint) as "label_set", cast(e.value ->> 2 as bigint) as "priority", e.value ->> 3 as "state", cast(e.value ->> 4 as bigint) as "conditional", cast(e.value ->> 5 as bigint) as "enqueued_at_ms", cast(e.value ->> 6 as bigint) as "ended_at_ms", e.value ->> 7 as "error", e.value ->> 8 as "name", cast(e.value ->> 9 as bigint) as "tolerated", cast(e.value ->> 10 as bigint) as "generation", cast(e.value ->> 11 as bigint) as "group_ord", cast(e.value ->> 12 as bigint) as "idx", e.value ->> 13 as "matrix"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where true
  on conflict ("id") do update
  set "label_set" = excluded.label_set, "priority" = excluded.priority, "state" = excluded.state, "attempt" = excluded.attempt, "enqueued_at_ms" = excluded.enqueued_at_ms, "delayed_until_ms" = $2, "started_at_ms" = $3, "ended_at_ms" = excluded.ended_at_ms, "error" = excluded.error, "outputs" = $4, "name" = excluded.name, "settled" = 1, "generation" = excluded.generation, "budget_from" = excluded.budget_from, "tolerated" = excluded.tolerated, "matrix" = excluded.matrix, "gate" = $5, "places" = $6;

-- insertEvents
insert into "events" ("number", "at_ms", "type", "run", "job", "attempt", "data") select "r"."number", "r"."at_ms", "r"."type", "r"."run", "r"."job", "r"."attempt", "r"."data"
  from (select cast(e.value ->> 0 as bigint) as "number", cast(e.value ->> 1 as bigint) as "at_ms", e.value ->> 2 as "type", cast(e.value ->> 3 as bigint) as "run", cast(e.value ->> 4 as bigint) as "job", cast(e.value ->> 5 as bigint) as "attempt", e.value ->> 6 as "data"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r";

-- insertJobsOfRuns
insert into "jobs" ("id", "label_set", "priority", "state", "conditional", "pending", "bad", "attempt", "enqueued_at_ms", "settled") select r.run * 1048576 + v.ord as "id", "v"."label_set", "v"."priority", case when r.live = 1 and v.needs = 0 and v.conditional = 0 then 'queued' else 'waiting' end as "state", "v"."conditional", "v"."needs" as "pending", 0 as "bad", 0 as "attempt", case when r.live = 1 and v.needs = 0 and v.conditional = 0 then r.at_ms end as "enqueued_at_ms", 1 as "settled"
  from (select cast(e.value ->> 0 as bigint) as "run", cast(e.value ->> 1 as bigint) as "version", cast(e.value ->> 2 as bigint) as "from_ord", cast(e.value ->> 3 as bigint) as "to_ord", cast(e.value ->> 4 as bigint) as "live", cast(e.value ->> 5 as bigint) as "at_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "version_jobs" as "v" on "v"."version" = "r"."version" and "v"."ord" >= "r"."from_ord" and "v"."ord" < "r"."to_ord";

-- insertLogChunks
insert into "log_chunks" ("job", "attempt", "sequence", "stream", "at_ms", "data") select "r"."job", "r"."attempt", "r"."sequence", "r"."stream", "r"."at_ms", "r"."data"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "attempt", cast(e.value ->> 2 as bigint) as "sequence", cast(e.value ->> 3 as bigint) as "stream", cast(e.value ->> 4 as bigint) as "at_ms", e.value ->> 5 as "data"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where true
  on conflict ("job", "attempt", "sequence", "stream") do nothing
  returning "job", "attempt", "sequence", "stream";

-- insertMatrices
insert into "matrices" ("job", "total", "open", "failed", "cancelled", "fail_fast", "expand_from", "decide_from", "cancel_from", "to_do", "combinations") select "r"."job", "r"."total", "r"."total" as "open", 0 as "failed", 0 as "cancelled", "r"."fail_fast", "r"."expand_from", cast(null as bigint) as "decide_from", cast(null as bigint) as "cancel_from", case when r.total > 0 then 1 else 0 end as "to_do", "r"."combinations"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "total", cast(e.value ->> 2 as bigint) as "fail_fast", cast(e.value ->> 3 as bigint) as "expand_from", e.value ->> 4 as "combinations"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where true
  on conflict ("job") do update
  set "total" = excluded.total, "open" = excluded.open, "failed" = 0, "cancelled" = 0, "fail_fast" = excluded.fail_fast, "expand_from" = excluded.expand_from, "decide_from" = $2, "cancel_from" = $3, "to_do" = excluded.to_do, "combinations" = excluded.combinations;

-- insertRerun
insert into "reruns" ("run", "generation", "at_ms", "requested_by", "request_hash", "chosen", "following")
  values (cast($1 as bigint), cast($2 as bigint), cast($3 as bigint), $4, $5, cast($6 as text), cast($7 as text));

-- insertRunFigures
insert into "run_figures" ("run", "workflow", "ended_at_ms", "state", "duration_ms", "waiting_ms", "jobs") select "n"."no", "n"."workflow", n.ended_at_ms as "ended_at_ms", n.state as "state", case when n.generation = 1 and n.started_at_ms is not null then n.ended_at_ms - n.started_at_ms end as "duration_ms", case when n.generation = 1 and n.started_at_ms is not null then n.started_at_ms - n.created_at_ms end as "waiting_ms", (select coalesce(json_agg(json_build_array(j.id % 1048576, case when j.state = 'failure' then 1 else 0 end, j.attempt, j.started_at_ms - j.enqueued_at_ms, j.ended_at_ms - j.started_at_ms)), '[]')::text
  from jobs as j
  where j.id >= n.no * 1048576 and j.id < n.no * 1048576 + cast($1 as bigint) and j.state in ('success', 'failure')) as "jobs"
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  where true
  on conflict ("run") do update
  set "ended_at_ms" = excluded.ended_at_ms, "state" = excluded.state, "duration_ms" = excluded.duration_ms, "waiting_ms" = excluded.waiting_ms, "jobs" = excluded.jobs;

-- insertRuns
insert into "runs" ("id", "workflow", "version", "state", "inputs", "request_hash", "job_count", "open", "failed", "cancelled", "created_at_ms", "cancel_forced", "activate_from", "traceparent", "started_by", "rerun_of", "name", "trigger", "schedule", "scheduled_at_ms", "backfill", "vars", "timeout_ms") select "r"."id", "r"."workflow", "r"."version", "r"."state", "r"."inputs", "r"."request_hash", "r"."job_count", "r"."job_count" as "open", 0 as "failed", 0 as "cancelled", "r"."created_at_ms", 0 as "cancel_forced", "r"."activate_from", "r"."traceparent", "r"."started_by", "r"."rerun_of", "r"."name", "r"."trigger", "r"."schedule", "r"."scheduled_at_ms", "r"."backfill", "r"."vars", "r"."timeout_ms"
  from (select e.value ->> 0 as "id", cast(e.value ->> 1 as bigint) as "workflow", cast(e.value ->> 2 as bigint) as "version", e.value ->> 3 as "state", e.value ->> 4 as "inputs", e.value ->> 5 as "request_hash", cast(e.value ->> 6 as bigint) as "job_count", cast(e.value ->> 7 as bigint) as "created_at_ms", cast(e.value ->> 8 as bigint) as "activate_from", e.value ->> 9 as "traceparent", e.value ->> 10 as "started_by", e.value ->> 11 as "rerun_of", e.value ->> 12 as "name", e.value ->> 13 as "trigger", e.value ->> 14 as "schedule", cast(e.value ->> 15 as bigint) as "scheduled_at_ms", cast(e.value ->> 16 as bigint) as "backfill", e.value ->> 17 as "vars", cast(e.value ->> 18 as bigint) as "timeout_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  returning "no", "id";

-- insertSession
insert into "sessions" ("hash", "token", "created_at_ms", "expires_at_ms")
  values ($1, $2, $3, $4);

-- insertSystemLines
insert into "log_chunks" ("job", "attempt", "sequence", "stream", "at_ms", "data") select "r"."job", "r"."attempt", coalesce((select max(c.sequence)
  from log_chunks as c
  where c.job = r.job and c.attempt = r.attempt), 0) as "sequence", case when exists (select 1
  from log_chunks as c
  where c.job = r.job and c.attempt = r.attempt) then r.stream else 0 end as "stream", "r"."at_ms", "r"."data"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "attempt", cast(e.value ->> 2 as bigint) as "stream", cast(e.value ->> 3 as bigint) as "at_ms", e.value ->> 4 as "data"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where true
  on conflict ("job", "attempt", "sequence", "stream") do nothing
  returning "job", "attempt", "sequence", "stream";

-- insertToken
insert into "tokens" ("id", "name", "hash", "scopes", "labels", "created_at_ms", "expires_at_ms", "revoked_at_ms", "only_labelled")
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- insertVersion
insert into "versions" ("workflow", "number", "hash", "name", "trigger", "job_count", "survivor_count", "conditional_roots", "root_label_sets", "start_spec", "whole", "created_at_ms")
  values ($1, (select coalesce(max(number), 0) + 1
  from versions
  where workflow = cast($2 as bigint)), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
  returning "no", "number";

-- insertVersionEdges
insert into "version_edges" ("version", "from_ord", "to_ord") select cast($1 as bigint) as "version", "r"."from_ord", "r"."to_ord"
  from (select cast(e.value ->> 0 as bigint) as "from_ord", cast(e.value ->> 1 as bigint) as "to_ord"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r";

-- insertVersionJobs
insert into "version_jobs" ("version", "ord", "key", "label_set", "priority", "needs", "conditional", "spec", "children_from") select cast($1 as bigint) as "version", "r"."ord", "r"."key", "s"."id", "r"."priority", "r"."needs", "r"."conditional", "r"."spec", "r"."children_from"
  from (select cast(e.value ->> 0 as bigint) as "ord", e.value ->> 1 as "key", e.value ->> 2 as "labels", cast(e.value ->> 3 as bigint) as "priority", cast(e.value ->> 4 as bigint) as "needs", cast(e.value ->> 5 as bigint) as "conditional", e.value ->> 6 as "spec", cast(e.value ->> 7 as bigint) as "children_from"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "label_sets" as "s" on "s"."labels" = "r"."labels";

-- insertVersionText
insert into "version_texts" ("version", "source", "file", "format", "created_by", "bytes", "gzip")
  values (cast($1 as bigint), $2, $3, $4, $5, cast($6 as bigint), cast($7 as text))
  on conflict ("version") do nothing;

-- jobById
select "id", "state", "attempt"
  from "jobs"
  where "id" = cast($1 as bigint);

-- jobByKey
select "j"."id", "j"."state", "j"."attempt"
  from "version_jobs" as "v"
  inner join "jobs" as "j" on "j"."id" = cast($1 as bigint) * 1048576 + v.ord
  where "v"."version" = cast($2 as bigint) and "v"."key" = cast($3 as text);

-- jobFigures
select "n"."version", "f"."jobs"
  from "run_figures" as "f"
  inner join "runs" as "n" on "n"."no" = "f"."run"
  where "f"."workflow" = cast($1 as bigint) and "f"."ended_at_ms" >= cast($2 as bigint)
  order by "f"."ended_at_ms" desc
  limit cast($3 as bigint);

-- jobGroupsOfRun
select "j"."state", case when j.state = 'queued' then j.label_set else 0 end as "label_set", case when j.state = 'skipped' then j.conditional else 0 end as "conditional", count(*) as "jobs", min("j"."enqueued_at_ms") as "enqueued_at_ms", min("j"."started_at_ms") as "started_at_ms", min("j"."delayed_until_ms") as "first_delay_ms", max("j"."delayed_until_ms") as "last_delay_ms"
  from "jobs" as "j"
  where "j"."id" >= cast($1 as bigint) * 1048576 and "j"."id" < cast($2 as bigint) * 1048576 + 262144
  group by "j"."state", case when j.state = 'queued' then j.label_set else 0 end, case when j.state = 'skipped' then j.conditional else 0 end;

-- jobResults
select "j"."id", "j"."error", "j"."outputs"
  from (select cast(e.value ->> 0 as bigint) as "id"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id";

-- jobsHeldAt
select "j"."id", "n"."id" as "run_id", "w"."id" as "workflow_id", case when j.idx is null then v.key else v.key || '.' || j.idx end as "key", "j"."places", "j"."enqueued_at_ms"
  from "jobs" as "j"
  inner join "runs" as "n" on "n"."no" = j.id / 1048576
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = coalesce(j.group_ord, j.id % 1048576)
  where "j"."gate" = cast($1 as bigint) and "j"."state" = 'held'
  order by "j"."priority" desc, "j"."enqueued_at_ms", "j"."id"
  limit cast($2 as bigint);

-- jobsOfRun
select "v"."ord", "v"."key", "v"."spec", "j"."id" as "job", "j"."state", "j"."attempt", "j"."started_at_ms", "j"."ended_at_ms", "j"."delayed_until_ms", substr(j.error, 1, 1000) as "error", octet_length("j"."error") as "error_bytes", case when octet_length(j.outputs) <= 1000 then j.outputs end as "outputs", octet_length("j"."outputs") as "outputs_bytes", "j"."label_set", "j"."priority", "j"."name", "j"."tolerated", "j"."idx", "a"."worker_id", "a"."log_gap", "a"."exit_code"
  from "version_jobs" as "v"
  inner join "jobs" as "j" on "j"."id" = cast($1 as bigint) * 1048576 + v.ord
  left join "attempts" as "a" on "a"."job" = "j"."id" and "a"."number" = "j"."attempt"
  where "v"."version" = cast($2 as bigint) and "v"."ord" >= cast($3 as bigint)
  order by "v"."ord"
  limit cast($4 as bigint);

-- jobsOfVersion
select "v"."ord", "v"."key", "v"."spec"
  from "version_jobs" as "v"
  where "v"."version" = cast($1 as bigint) and "v"."ord" >= cast($2 as bigint)
  order by "v"."ord"
  limit cast($3 as bigint);

-- jobsOfWorkflows
select "r"."at", "v"."ord", "v"."key", "v"."spec", "j"."id" as "job", "j"."state", "j"."attempt", "j"."started_at_ms", "j"."ended_at_ms", "j"."delayed_until_ms", substr(j.error, 1, 1000) as "error", octet_length("j"."error") as "error_bytes", case when octet_length(j.outputs) <= 1000 then j.outputs end as "outputs", octet_length("j"."outputs") as "outputs_bytes", "j"."label_set", "j"."priority", "j"."name", "j"."tolerated", "j"."idx", "a"."worker_id", "a"."log_gap", "a"."exit_code"
  from (select cast(e.value ->> 0 as bigint) as "at", cast(e.value ->> 1 as bigint) as "version", cast(e.value ->> 2 as bigint) as "run"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "version_jobs" as "v" on "v"."version" = "r"."version"
  left join "jobs" as "j" on "j"."id" = r.run * 1048576 + v.ord
  left join "attempts" as "a" on "a"."job" = "j"."id" and "a"."number" = "j"."attempt";

-- jobsToHold
select "j"."id", "j"."state", "j"."places"
  from "jobs" as "j"
  where "j"."id" >= cast($1 as bigint) and "j"."id" < cast($2 as bigint) and "j"."state" in ('queued', 'held') and coalesce(j.gate, 0) <> cast($3 as bigint)
  order by "j"."id"
  limit cast($4 as bigint)
  for update of "j";

-- jobsToRerun
select "j"."id", "j"."state", "j"."settled", "j"."conditional", "j"."tolerated", "j"."label_set", "j"."places", coalesce((select max(a.number)
  from attempts as a
  where a.job = j.id), -1) + 1 as "next_attempt", case when m.job is null then 0 else 1 end as "opened", case when j.state = 'open' or exists (select 1
  from attempts as a
  where a.job = j.id and a.number = j.attempt and a.ended_at_ms is null) then 1 else 0 end as "live"
  from (select cast(e.value ->> 0 as bigint) as "id"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id"
  left join "matrices" as "m" on "m"."job" = "j"."id";

-- jobsToTrace
select "n"."id" as "run_id", "n"."traceparent", "j"."generation", "w"."id" as "workflow_id", case when j.idx is null then v.key else v.key || '.' || j.idx end as "key", "j"."state", "j"."error", "j"."ended_at_ms", (select min(a.claimed_at_ms)
  from attempts as a
  where a.job = r.job and a.number >= j.budget_from) as "first_claimed_at_ms", (select count(*)
  from attempts as a
  where a.job = r.job and a.number >= j.budget_from) as "attempts"
  from (select cast(e.value ->> 0 as bigint) as "job"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."job"
  inner join "runs" as "n" on "n"."no" = r.job / 1048576
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = coalesce(j.group_ord, j.id % 1048576);

-- jobsWithDependants
with recursive "found"("version", "ord") as (select cast($1 as bigint) as "version", "r"."ord"
  from (select cast(e.value ->> 0 as bigint) as "ord"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r" union select "reached"."version", "e"."to_ord" as "ord"
  from "found" as "reached"
  inner join "version_edges" as "e" on "e"."version" = "reached"."version" and "e"."from_ord" = "reached"."ord") select "ord"
  from "found"
  order by "ord";

-- jobsWithPlace
select "j"."id", "n"."id" as "run_id", "w"."id" as "workflow_id", case when j.idx is null then v.key else v.key || '.' || j.idx end as "key", "j"."places", "j"."enqueued_at_ms"
  from "jobs" as "j"
  inner join "runs" as "n" on "n"."no" = j.id / 1048576
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = coalesce(j.group_ord, j.id % 1048576)
  where "j"."gate" = cast($1 as bigint) and "j"."gate" is not null and "j"."state" in ('queued', 'delayed', 'running')
  order by "j"."id"
  limit cast($2 as bigint);

-- keysOfOrdinals
select "v"."key", "v"."ord", "v"."children_from"
  from (select cast(e.value ->> 0 as bigint) as "ord"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r" cross join "version_jobs" as "v"
  where "v"."version" = cast($2 as bigint) and "v"."ord" = "r"."ord";

-- keysOfVersions
select "v"."version", "v"."ord", "v"."key"
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r" cross join "version_jobs" as "v"
  where "v"."version" = "r"."no" and "v"."ord" < cast($2 as bigint)
  order by "v"."version" desc, "v"."ord";

-- labelSetsByLabels
select "s"."id", "s"."labels"
  from (select e.value ->> 0 as "labels"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "label_sets" as "s" on "s"."labels" = "r"."labels";

-- labelSetsWithQueuedJobs
select "r"."id"
  from (select cast(e.value ->> 0 as bigint) as "id"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where (select j.id
  from jobs as j
  where j.label_set = "r"."id" and j.state = 'queued'
  limit 1) is not null;

-- lastDoctorFound
select "value"
  from "meta"
  where "key" = 'doctor_found';

-- lastEventNumber
select "value"
  from "counters"
  where "name" = 'event';

-- lastRunBeforeId
select "no"
  from "runs"
  where "id" < cast($1 as text)
  order by "id" desc
  limit 1;

-- lastStdout
select "data"
  from "log_chunks"
  where "job" = cast($1 as bigint) and "attempt" = cast($2 as bigint) and "sequence" > cast($3 as bigint) and "sequence" <= cast($4 as bigint) and "stream" = 1 and "data" <> ''
  order by "sequence" desc
  limit 1;

-- leaveRunning
update "jobs"
  set "state" = "r"."state", "attempt" = "r"."attempt", "ended_at_ms" = "r"."ended_at_ms", "enqueued_at_ms" = coalesce(r.enqueued_at_ms, jobs.enqueued_at_ms), "delayed_until_ms" = "r"."delayed_until_ms", "error" = "r"."error", "outputs" = "r"."outputs", "tolerated" = "r"."tolerated", "due_at_ms" = case when r.attempt = jobs.attempt then jobs.due_at_ms else r.enqueued_at_ms + jobs.queue_timeout_ms end
  from (select cast(e.value ->> 0 as bigint) as "id", e.value ->> 1 as "state", cast(e.value ->> 2 as bigint) as "attempt", cast(e.value ->> 3 as bigint) as "ended_at_ms", cast(e.value ->> 4 as bigint) as "enqueued_at_ms", cast(e.value ->> 5 as bigint) as "delayed_until_ms", e.value ->> 6 as "error", e.value ->> 7 as "outputs", cast(e.value ->> 8 as bigint) as "tolerated"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id" and ("jobs"."state" || '') = 'running'
  returning "jobs"."id", "jobs"."state", "jobs"."label_set", "jobs"."places", "jobs"."due_at_ms";

-- leaveWaiting
update "jobs"
  set "state" = "r"."state", "enqueued_at_ms" = "r"."enqueued_at_ms", "ended_at_ms" = "r"."ended_at_ms"
  from (select cast(e.value ->> 0 as bigint) as "id", e.value ->> 1 as "state", cast(e.value ->> 2 as bigint) as "enqueued_at_ms", cast(e.value ->> 3 as bigint) as "ended_at_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id" and ("jobs"."state" || '') = 'waiting'
  returning "jobs"."id";

-- listWorkers
select *, (select t.name
  from tokens as t
  where t.id = workers.drained_by) as "drained_by_name"
  from "workers"
  order by "registered_at_ms" desc, "id"
  limit cast($1 as bigint) offset cast($2 as bigint);

-- listWorkflows
select "w"."id", "w"."no" as "workflow", "v"."no" as "version", "v"."number", "v"."name", "v"."trigger", "w"."newest_run", coalesce(n.job_count, v.job_count) as "jobs"
  from "workflows" as "w"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  left join "runs" as "n" on "n"."no" = "w"."newest_run"
  where "w"."removed_at_ms" is null and (cast($1 as bigint) = 1 or ("w"."newest_run" is null and cast($2 as bigint) = 1) or exists (select "j"."id"
  from "jobs" as "j"
  where "j"."id" >= w.newest_run * 1048576 and "j"."id" < (w.newest_run + 1) * 1048576 and "j"."state" in (select e.value
  from jsonb_array_elements_text(cast($3 as jsonb)) as e(value))))
  order by "w"."id"
  limit cast($4 as bigint) offset cast($5 as bigint);

-- liveAttemptOfJobs
select "job"
  from "attempts"
  where "job" >= cast($1 as bigint) and "job" < cast($2 as bigint) and ("outcome" || '') is null
  limit 1;

-- liveAttempts
select "a"."worker_id", "a"."job", "a"."number", case when j.idx is null then v.key else v.key || '.' || j.idx end as "key", "n"."id" as "run_id"
  from "attempts" as "a"
  inner join "runs" as "n" on "n"."no" = a.job / 1048576
  inner join "jobs" as "j" on "j"."id" = "a"."job"
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = coalesce(j.group_ord, j.id % 1048576)
  where "a"."outcome" is null
  order by "a"."deadline_ms"
  limit cast($1 as bigint);

-- liveAttemptsOfWorker
select case when j.idx is null then v.key else v.key || '.' || j.idx end as "key", "n"."id" as "run_id", "w"."id" as "workflow_id", "s"."name" as "workflow_name", "a"."number", "a"."claimed_at_ms", "a"."expires_at_ms"
  from "attempts" as "a"
  inner join "runs" as "n" on "n"."no" = a.job / 1048576
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "s" on "s"."no" = "n"."version"
  inner join "jobs" as "j" on "j"."id" = "a"."job"
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = coalesce(j.group_ord, j.id % 1048576)
  where "a"."outcome" is null and "a"."worker_id" = cast($1 as text)
  order by "a"."claimed_at_ms", "a"."job"
  limit cast($2 as bigint);

-- liveRunsOfBackfill
select count(*) as "count"
  from "runs" as "n"
  where "n"."backfill" = cast($1 as bigint) and "n"."backfill" is not null and "n"."ended_at_ms" is null;

-- liveRunsOfSchedules
select "r"."workflow", "r"."schedule", (select n.id
  from runs as n
  where n.workflow = r.workflow and n.schedule = r.schedule and n.schedule is not null and n.ended_at_ms is null and n.backfill is null
  limit 1) as "id"
  from (select cast(e.value ->> 0 as bigint) as "workflow", e.value ->> 1 as "schedule"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r";

-- liveSessions
select *
  from "sessions"
  where "expires_at_ms" > cast($1 as bigint);

-- lockGates
select "g"."no", "g"."key", "g"."in_use"
  from (select cast(e.value ->> 0 as bigint) as "gate"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "gates" as "g" on "g"."no" = "r"."gate"
  order by "g"."no"
  for update of "g";

-- lockJobs
select "j"."id"
  from (select cast(e.value ->> 0 as bigint) as "id"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id"
  order by "j"."id"
  for update of "j";

-- lockMatrixToExpand
select "m"."total", "m"."cancel_from", "m"."combinations"
  from "matrices" as "m"
  where "m"."job" = cast($1 as bigint) and "m"."expand_from" = cast($2 as bigint)
  for update of "m" skip locked;

-- lockRequests
select "r"."request_hash"
  from (select e.value ->> 0 as "request_hash"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where pg_advisory_xact_lock(hashtextextended("r"."request_hash", 0)) is not null;

-- lockRequestsUnlessTaken
select "r"."request_hash"
  from (select e.value ->> 0 as "request_hash"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where pg_try_advisory_xact_lock(hashtextextended("r"."request_hash", 0));

-- lockRuns
select "n"."no"
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  order by "n"."no"
  for update of "n";

-- lockRunsBeingMade
select "n"."no"
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  where ("n"."state" || '') = 'creating'
  for update of "n";

-- lockSchedulesOfWorkflow
select "s"."id"
  from "schedules" as "s"
  inner join "workflows" as "w" on "w"."no" = "s"."workflow"
  where "w"."id" = cast($1 as text)
  order by "s"."id"
  for update of "s";

-- lockVersionBeingMade
select "no"
  from "versions"
  where "no" = cast($1 as bigint) and "whole" = 0
  for update of "versions";

-- lockWorkers
insert into "workers" ("id", "labels", "slots", "version", "registered_at_ms", "seen_at_ms", "only_labelled") select "r"."id", '[]' as "labels", 1 as "slots", '' as "version", cast($1 as bigint) as "registered_at_ms", cast($2 as bigint) as "seen_at_ms", 0 as "only_labelled"
  from (select e.value ->> 0 as "id"
  from jsonb_array_elements(cast($3 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where true
  order by "r"."id"
  on conflict ("id") do update
  set "seen_at_ms" = workers.seen_at_ms;

-- lockWorkflowOfVariables
select "w"."no"
  from "workflows" as "w"
  where "w"."id" = cast($1 as text)
  for update of "w";

-- logLineCounts
select "sequence", "stream", octet_length(data) as "bytes", octet_length(data) - octet_length(replace(data, ' ', '')) as "line_feeds", case when data = '' or substr(data, length(data), 1) = ' ' then 0 else 1 end as "goes_on"
  from "log_chunks"
  where "job" = cast($1 as bigint) and "attempt" = cast($2 as bigint) and (sequence, stream) > (cast($3 as bigint), cast($4 as bigint))
  order by "sequence", "stream"
  limit cast($5 as bigint);

-- logPage
select "c"."attempt", "c"."sequence", "c"."stream", "c"."at_ms", "c"."data", "a"."log_gap", "places"."before"
  from (select "lengths"."job", "lengths"."attempt", "lengths"."sequence", "lengths"."stream", sum(bytes) over (order by attempt, sequence, stream rows unbounded preceding) - bytes as "before"
  from (select "job", "attempt", "sequence", "stream", octet_length(data) as "bytes"
  from "log_chunks"
  where "job" = cast($1 as bigint) and (attempt, sequence, stream) > (cast($2 as bigint), cast($3 as bigint), cast($4 as bigint)) and "attempt" <= cast($5 as bigint)
  order by "attempt", "sequence", "stream"
  limit cast($6 as bigint)) as "lengths") as "places"
  inner join "log_chunks" as "c" on "c"."job" = "places"."job" and "c"."attempt" = "places"."attempt" and "c"."sequence" = "places"."sequence" and "c"."stream" = "places"."stream"
  left join "attempts" as "a" on "a"."job" = "c"."job" and "a"."number" = "c"."attempt"
  where "places"."before" < cast($7 as bigint)
  order by "c"."attempt", "c"."sequence", "c"."stream";

-- logPageBefore
select "c"."attempt", "c"."sequence", "c"."stream", "c"."at_ms", "c"."data", "a"."log_gap", "places"."before"
  from (select "lengths"."job", "lengths"."attempt", "lengths"."sequence", "lengths"."stream", sum(bytes) over (order by attempt desc, sequence desc, stream desc rows unbounded preceding) - bytes as "before"
  from (select "job", "attempt", "sequence", "stream", octet_length(data) as "bytes"
  from "log_chunks"
  where "job" = cast($1 as bigint) and (attempt, sequence, stream) < (cast($2 as bigint), cast($3 as bigint), cast($4 as bigint)) and "attempt" >= cast($5 as bigint)
  order by "attempt" desc, "sequence" desc, "stream" desc
  limit cast($6 as bigint)) as "lengths") as "places"
  inner join "log_chunks" as "c" on "c"."job" = "places"."job" and "c"."attempt" = "places"."attempt" and "c"."sequence" = "places"."sequence" and "c"."stream" = "places"."stream"
  left join "attempts" as "a" on "a"."job" = "c"."job" and "a"."number" = "c"."attempt"
  where "places"."before" < cast($7 as bigint)
  order by "c"."attempt" desc, "c"."sequence" desc, "c"."stream" desc;

-- logSizes
select "sequence", "stream", octet_length(data) as "bytes"
  from "log_chunks"
  where "job" = cast($1 as bigint) and "attempt" = cast($2 as bigint) and (sequence, stream) > (cast($3 as bigint), cast($4 as bigint))
  order by "sequence", "stream"
  limit cast($5 as bigint);

-- lowerOpenNeeds
update "jobs"
  set "pending" = jobs.pending - c.ended, "bad" = jobs.bad + c.bad, "settled" = case when jobs.pending = c.ended then 1 else jobs.settled end
  from (select r.run * 1048576 + e.to_ord as "id", count(*) as "ended", cast(sum(r.bad) as bigint) as "bad"
  from (select cast(e.value ->> 0 as bigint) as "run", cast(e.value ->> 1 as bigint) as "version", cast(e.value ->> 2 as bigint) as "ord", cast(e.value ->> 3 as bigint) as "bad"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "version_edges" as "e" on "e"."version" = "r"."version" and "e"."from_ord" = "r"."ord"
  group by 1
  order by 1) as "c"
  where "jobs"."id" = "c"."id" and (("jobs"."state" || '') = 'waiting' or ("jobs"."settled" = 2 and "jobs"."pending" > 0))
  returning "jobs"."id", "jobs"."state", "jobs"."pending", "jobs"."bad", "jobs"."conditional", "jobs"."label_set";

-- markBeingDeleted
update "runs"
  set "logs_pruned" = $1
  where "no" = cast($2 as bigint) and ("ended_at_ms" || '') is not null
  returning "no";

-- markLogsPruned
update "runs"
  set "logs_pruned" = $1
  where "no" = cast($2 as bigint) and ("ended_at_ms" || '') is not null
  returning "no";

-- markReceived
update "attempts"
  set "received" = 1, "deadline_ms" = case when coalesce(stop_by_ms, timeout_at_ms) is null or coalesce(stop_by_ms, timeout_at_ms) > expires_at_ms then expires_at_ms else coalesce(stop_by_ms, timeout_at_ms) end
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number", e.value ->> 2 as "lease_hash"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number" and "attempts"."lease_hash" = "r"."lease_hash" and ("attempts"."outcome" || '') is null and "attempts"."received" = 0;

-- markSettled
update "jobs"
  set "settled" = "r"."settled"
  from (select cast(e.value ->> 0 as bigint) as "id", cast(e.value ->> 1 as bigint) as "settled"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id";

-- matricesInRange
select "job", "total", "open", "failed", "cancelled"
  from "matrices"
  where "job" >= cast($1 as bigint) and "job" < cast($2 as bigint)
  order by "job";

-- matricesOfJobs
select "m"."job", "m"."total", "m"."open", "m"."failed", "m"."cancelled"
  from (select cast(e.value ->> 0 as bigint) as "id"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "matrices" as "m" on "m"."job" = "r"."id";

-- matricesToDo
select "m"."job", "m"."total", "m"."open", "m"."failed", "m"."cancelled", "m"."expand_from", "m"."decide_from", "m"."cancel_from", "j"."state", "j"."conditional", "j"."generation", "n"."no" as "run", "n"."version"
  from "matrices" as "m"
  left join "jobs" as "j" on "j"."id" = "m"."job"
  left join "runs" as "n" on "n"."no" = m.job / 1048576
  where "m"."to_do" = 1 and ("n"."held" = 0 or "n"."cancel_requested_at_ms" is not null) and "n"."rerun_from" is null
  order by "m"."job"
  limit cast($1 as bigint);

-- needsOfJob
select "j"."id", "v"."key", "j"."state", "j"."settled", "j"."tolerated"
  from "version_edges" as "e"
  inner join "jobs" as "j" on "j"."id" = cast($1 as bigint) * 1048576 + e.from_ord
  inner join "version_jobs" as "v" on "v"."version" = "e"."version" and "v"."ord" = "e"."from_ord"
  where "e"."version" = cast($2 as bigint) and "e"."to_ord" = cast($3 as bigint)
  order by "e"."from_ord";

-- needsOfJobs
select "r"."job", "j"."id" as "need", "v"."key", "j"."state", "j"."tolerated", "m"."total" as "count", "m"."failed"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "run", cast(e.value ->> 2 as bigint) as "version", cast(e.value ->> 3 as bigint) as "ord"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "version_edges" as "e" on "e"."version" = "r"."version" and "e"."to_ord" = "r"."ord"
  inner join "jobs" as "j" on "j"."id" = r.run * 1048576 + e.from_ord
  inner join "version_jobs" as "v" on "v"."version" = "e"."version" and "v"."ord" = "e"."from_ord"
  left join "matrices" as "m" on "m"."job" = "j"."id";

-- needsOfOrdinals
select "r"."ord", "e"."from_ord" as "need"
  from (select cast(e.value ->> 0 as bigint) as "ord"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r" cross join "version_edges" as "e"
  where "e"."version" = cast($2 as bigint) and "e"."to_ord" = "r"."ord";

-- newestEvent
select "number", "at_ms"
  from "events"
  order by "number" desc
  limit 1;

-- newestRunOfWorkflow
select "n"."no", "n"."id", "n"."workflow", "w"."id" as "workflow_id", "n"."version", "n"."state", "n"."inputs", "n"."job_count", "v"."survivor_count", "n"."cancel_requested_at_ms", "n"."cancel_forced", "n"."activate_from", "n"."cancel_from", "n"."rerun_from", "n"."gate", "n"."held", "n"."generation", "n"."logs_pruned", "n"."created_at_ms", "n"."traceparent", coalesce(n.name, v.name) as "name", "n"."trigger", "n"."schedule", "n"."backfill", "n"."scheduled_at_ms", "n"."vars"
  from "workflows" as "w"
  inner join "runs" as "n" on "n"."no" = "w"."newest_run"
  inner join "versions" as "v" on "v"."no" = "n"."version"
  where "w"."id" = cast($1 as text);

-- nextDeadline
select min("deadline_ms") as "at_ms"
  from "attempts"
  where "outcome" is null;

-- nextDelayedJob
select min("delayed_until_ms") as "at_ms"
  from "jobs"
  where "state" = 'delayed';

-- nextDueSchedule
select "due_at_ms" as "at_ms"
  from "schedules"
  where "due_at_ms" is not null
  order by "due_at_ms"
  limit 1;

-- nextQueueDeadline
select min("due_at_ms") as "at_ms"
  from "jobs"
  where "due_at_ms" is not null and "state" in ('queued', 'held');

-- nextRunDeadline
select "deadline_ms" as "at_ms"
  from "runs"
  where "deadline_ms" is not null and "ended_at_ms" is null
  order by "deadline_ms"
  limit 1;

-- noteDoctorFound
insert into "meta" ("key", "value")
  values ('doctor_found', $1)
  on conflict ("key") do update
  set "value" = excluded.value;

-- noteRefusedByGroup
update "backfills"
  set "started" = started - 1, "refused" = refused + 1, "last_error" = cast($1 as text)
  where "no" = cast($2 as bigint);

-- noteSlotOutcomes
update "schedules"
  set "last_slot_ms" = r.slot_ms, "last_outcome" = r.outcome, "last_run" = r.run, "last_error" = r.error
  from (select cast(e.value ->> 0 as bigint) as "workflow", e.value ->> 1 as "id", cast(e.value ->> 2 as bigint) as "slot_ms", e.value ->> 3 as "outcome", e.value ->> 4 as "run", e.value ->> 5 as "error"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "schedules"."workflow" = "r"."workflow" and "schedules"."id" = "r"."id";

-- noteTokenUse
update "tokens"
  set "last_used_at_ms" = greatest(coalesce(tokens.last_used_at_ms, 0), r.at_ms)
  from (select e.value ->> 0 as "id", cast(e.value ->> 1 as bigint) as "at_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "tokens"."id" = "r"."id";

-- noteWorkers
insert into "workers" ("id", "labels", "slots", "version", "registered_at_ms", "seen_at_ms", "only_labelled", "credential") select "r"."id", "r"."labels", "r"."slots", "r"."version", "r"."registered_at_ms", "r"."seen_at_ms", "r"."only_labelled", "r"."credential"
  from (select e.value ->> 0 as "id", e.value ->> 1 as "labels", cast(e.value ->> 2 as bigint) as "slots", e.value ->> 3 as "version", cast(e.value ->> 4 as bigint) as "registered_at_ms", cast(e.value ->> 5 as bigint) as "seen_at_ms", cast(e.value ->> 6 as bigint) as "only_labelled", e.value ->> 7 as "credential"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where true
  order by "r"."id"
  on conflict ("id") do update
  set "seen_at_ms" = greatest(workers.seen_at_ms, excluded.seen_at_ms), "credential" = coalesce(workers.credential, excluded.credential)
  returning "id", "credential";

-- noteWritable
insert into "meta" ("key", "value")
  values ('written_to_see_at', cast(cast($1 as bigint) as text))
  on conflict ("key") do update
  set "value" = excluded.value;

-- oldestAudit
select "no", "at_ms"
  from "audit"
  where "no" > 0
  order by "no"
  limit cast($1 as bigint);

-- oldestEndedRuns
select "n"."no", "n"."id", "n"."workflow", "n"."version", case when w.newest_run = n.no then 1 else 0 end as "is_newest"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  where "n"."ended_at_ms" is not null and "n"."ended_at_ms" < cast($1 as bigint) and ("w"."newest_run" is null or "w"."newest_run" <> "n"."no" or ("w"."removed_at_ms" is not null and "w"."source" = 'api'))
  order by "n"."ended_at_ms"
  limit cast($2 as bigint);

-- oldestEndedRunsWithLogs
select "n"."no", "n"."id", "n"."workflow", "n"."version", 0 as "is_newest"
  from "runs" as "n"
  where "n"."ended_at_ms" is not null and "n"."logs_pruned" = 0 and "n"."ended_at_ms" < cast($1 as bigint)
  order by "n"."ended_at_ms"
  limit cast($2 as bigint);

-- openNodes
update "jobs"
  set "state" = 'open', "started_at_ms" = $1
  from (select cast(e.value ->> 0 as bigint) as "id"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id" and ("jobs"."state" || '') = 'waiting'
  returning "jobs"."id";

-- orderOfHeldJobs
select "j"."id"
  from "jobs" as "j"
  where "j"."gate" = cast($1 as bigint) and "j"."state" = 'held'
  order by "j"."gate", "j"."priority" desc, "j"."enqueued_at_ms", "j"."id"
  limit cast($2 as bigint);

-- ordinalOfKey
select "v"."ord"
  from "version_jobs" as "v"
  where "v"."version" = cast($1 as bigint) and "v"."key" = cast($2 as text);

-- ordinalsOfKeys
select "v"."key", "v"."ord"
  from (select e.value ->> 0 as "key"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r" cross join "version_jobs" as "v"
  where "v"."version" = cast($2 as bigint) and "v"."key" = "r"."key";

-- otherOwners
select "r"."id", "r"."credential", w.credential as "owner", "o"."name", "o"."expires_at_ms", "o"."revoked_at_ms", "c"."name" as "caller_name"
  from (select e.value ->> 0 as "id", e.value ->> 1 as "credential"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "workers" as "w" on "w"."id" = "r"."id"
  left join "tokens" as "o" on "o"."id" = "w"."credential"
  left join "tokens" as "c" on "c"."id" = "r"."credential"
  where "w"."credential" <> "r"."credential";

-- outputsOfChildren
select "id", "outputs"
  from "jobs"
  where "id" >= cast($1 as bigint) and "id" < cast($2 as bigint)
  order by "id";

-- outputsOfJobs
select "j"."id", "j"."outputs"
  from (select cast(e.value ->> 0 as bigint) as "id"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id"
  where "j"."outputs" is not null;

-- overdueAttempts
select "a"."job", "a"."number", "a"."worker_id", "a"."credential", "a"."lease_hash", "a"."request_hash", "a"."ttl_ms", "a"."claimed_at_ms", "a"."expires_at_ms", "a"."timeout_at_ms", "a"."deadline_ms", "a"."outcome", "a"."ended_at_ms", "a"."report_digest", "a"."error", "a"."log_bytes", "a"."log_padding", "a"."log_gap", "a"."has_output_lines", "a"."received", "a"."stop_reason", "a"."stop_by_ms", "j"."state" as "job_state", "j"."attempt" as "job_attempt", "j"."settled" as "job_settled", "j"."budget_from" as "job_budget_from"
  from "attempts" as "a"
  inner join "jobs" as "j" on "j"."id" = "a"."job"
  where "a"."outcome" is null and "a"."deadline_ms" <= cast($1 as bigint)
  order by "a"."deadline_ms"
  limit cast($2 as bigint)
  for update of "j" skip locked;

-- overdueInQueue
select "j"."id", "j"."state", "j"."attempt", "j"."queue_timeout_ms"
  from "jobs" as "j"
  where "j"."due_at_ms" is not null and "j"."state" in ('queued', 'held') and "j"."due_at_ms" <= cast($1 as bigint)
  order by "j"."due_at_ms"
  limit cast($2 as bigint)
  for update of "j" skip locked;

-- overdueRuns
select "n"."no"
  from "runs" as "n"
  where "n"."deadline_ms" is not null and "n"."deadline_ms" <= cast($1 as bigint) and "n"."ended_at_ms" is null
  order by "n"."deadline_ms"
  limit cast($2 as bigint)
  for update of "n" skip locked;

-- pauseSchedule
update "schedules"
  set "paused_at_ms" = $1, "paused_by" = $2, "pause_reason" = $3, "next_slot_ms" = $4, "due_at_ms" = $5
  where "workflow" = cast($6 as bigint) and "id" = cast($7 as text) and "paused_at_ms" is null
  returning "id";

-- placeAtGate
select "g"."no", "g"."key", "g"."in_use", coalesce(n.gate_max, 1) as "max", coalesce(n.gate_since_ms, n.created_at_ms) as "since_ms", (select count(*) as "count"
  from "runs" as "b"
  where "b"."gate" = "n"."gate" and "b"."held" = 1 and (b.gate_since_ms, b.no) < (n.gate_since_ms, n.no)) as "before"
  from "runs" as "n"
  inner join "gates" as "g" on "g"."no" = "n"."gate"
  where "n"."no" = cast($1 as bigint) and "n"."held" = 1;

-- putPause
insert into "pauses" ("kind", "subject", "target", "gate", "reason", "paused_at_ms", "paused_by")
  values (cast($1 as text), cast($2 as text), $3, $4, cast($5 as text), cast($6 as bigint), $7)
  on conflict ("kind", "subject") do nothing
  returning "kind";

-- putSchedules
insert into "schedules" ("workflow", "id", "spec", "next_slot_ms", "due_at_ms") select "r"."workflow", "r"."id", "r"."spec", "r"."next_slot_ms", "r"."due_at_ms"
  from (select cast(e.value ->> 0 as bigint) as "workflow", e.value ->> 1 as "id", e.value ->> 2 as "spec", cast(e.value ->> 3 as bigint) as "next_slot_ms", cast(e.value ->> 4 as bigint) as "due_at_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where true
  on conflict ("workflow", "id") do update
  set "spec" = excluded.spec, "next_slot_ms" = excluded.next_slot_ms, "due_at_ms" = excluded.due_at_ms;

-- putVariable
insert into "variables" ("workflow", "name", "value", "changed_at_ms", "changed_by")
  values (cast($1 as bigint), cast($2 as text), cast($3 as text), cast($4 as bigint), $5)
  on conflict ("workflow", "name") do update
  set "value" = excluded.value, "changed_at_ms" = excluded.changed_at_ms, "changed_by" = excluded.changed_by
  where variables.value <> excluded.value
  returning "name";

-- queueDueJobs
update "jobs"
  set "state" = 'queued', "enqueued_at_ms" = cast($1 as bigint), "due_at_ms" = cast($2 as bigint) + queue_timeout_ms
  where "id" in (select "d"."id"
  from "jobs" as "d"
  where "d"."state" = 'delayed' and "d"."delayed_until_ms" <= cast($3 as bigint)
  order by "d"."delayed_until_ms"
  limit cast($4 as bigint)
  for update of "d" skip locked)
  returning "id", "label_set", "attempt", "due_at_ms";

-- queuedJobs
select case when j.idx is null then v.key else v.key || '.' || j.idx end as "key", "n"."id" as "run_id", "w"."id" as "workflow_id", "s"."name" as "workflow_name", "j"."priority", "j"."enqueued_at_ms"
  from "jobs" as "j"
  inner join "runs" as "n" on "n"."no" = j.id / 1048576
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "s" on "s"."no" = "n"."version"
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = coalesce(j.group_ord, j.id % 1048576)
  where "j"."label_set" = cast($1 as bigint) and "j"."state" = 'queued'
  order by "j"."priority" desc, "j"."enqueued_at_ms", "j"."id"
  limit cast($2 as bigint);

-- recentRuns
select "n"."no", "n"."id", "n"."workflow", "n"."state", "n"."created_at_ms", "n"."started_at_ms", "n"."ended_at_ms"
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "runs" as "n" on "n"."workflow" = "r"."no" and "n"."no" >= coalesce((select "f"."no"
  from "runs" as "f"
  where "f"."workflow" = "r"."no"
  order by "f"."no" desc
  limit 1 offset cast($2 as bigint)), 0)
  where "n"."state" != 'creating';

-- registerWorkers
insert into "workers" ("id", "labels", "slots", "version", "registered_at_ms", "seen_at_ms", "only_labelled", "credential") select "r"."id", "r"."labels", "r"."slots", "r"."version", "r"."registered_at_ms", "r"."seen_at_ms", "r"."only_labelled", "r"."credential"
  from (select e.value ->> 0 as "id", e.value ->> 1 as "labels", cast(e.value ->> 2 as bigint) as "slots", e.value ->> 3 as "version", cast(e.value ->> 4 as bigint) as "registered_at_ms", cast(e.value ->> 5 as bigint) as "seen_at_ms", cast(e.value ->> 6 as bigint) as "only_labelled", e.value ->> 7 as "credential"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where true
  order by "r"."id"
  on conflict ("id") do update
  set "labels" = excluded.labels, "slots" = excluded.slots, "version" = excluded.version, "registered_at_ms" = excluded.registered_at_ms, "seen_at_ms" = excluded.seen_at_ms, "only_labelled" = excluded.only_labelled, "credential" = coalesce(excluded.credential, workers.credential);

-- releasePausedJobs
update "jobs"
  set "state" = 'waiting', "gate" = $1, "places" = $2
  where "id" in (select "j"."id"
  from "jobs" as "j"
  where "j"."gate" = cast($3 as bigint) and "j"."state" = 'held'
  order by "j"."gate", "j"."priority" desc, "j"."enqueued_at_ms", "j"."id"
  limit cast($4 as bigint)
  for update of "j" skip locked)
  returning "id", "bad", "conditional", "label_set";

-- releasePausedRuns
update "runs"
  set "held" = 0, "gate" = $1, "gate_max" = $2, "gate_since_ms" = $3, "gate_cancels" = 0, "activate_from" = 0, "deadline_ms" = cast($4 as bigint) + runs.timeout_ms
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($5 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "runs"."no" = "r"."no"
  returning "runs"."no", "runs"."version", "runs"."job_count", "runs"."generation", "runs"."deadline_ms";

-- removedWorkflows
select "w"."no", "w"."current_version"
  from "workflows" as "w"
  where "w"."removed_at_ms" is not null and "w"."removed_at_ms" < cast($1 as bigint) and "w"."source" = 'api' and not exists (select "n"."no"
  from "runs" as "n"
  where "n"."workflow" = "w"."no")
  order by "w"."removed_at_ms"
  limit cast($2 as bigint);

-- renewLeases
update "attempts"
  set "expires_at_ms" = "r"."expires_at_ms", "deadline_ms" = "r"."deadline_ms", "received" = 1
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number", cast(e.value ->> 2 as bigint) as "expires_at_ms", cast(e.value ->> 3 as bigint) as "deadline_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number";

-- reopenMatrices
update "matrices"
  set "open" = matrices.open + r.reset, "failed" = matrices.failed - r.failed, "cancelled" = matrices.cancelled - r.cancelled, "decide_from" = 0, "cancel_from" = $1, "to_do" = 1
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "reset", cast(e.value ->> 2 as bigint) as "failed", cast(e.value ->> 3 as bigint) as "cancelled"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "matrices"."job" = "r"."job";

-- reopenNodes
update "jobs"
  set "state" = 'open', "ended_at_ms" = $1, "error" = $2, "outputs" = $3, "tolerated" = 0, "settled" = 1, "generation" = cast($4 as bigint)
  from (select cast(e.value ->> 0 as bigint) as "id"
  from jsonb_array_elements(cast($5 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id"
  returning "jobs"."id";

-- reopenRun
update "runs"
  set "open" = open + cast($1 as bigint), "failed" = failed - cast($2 as bigint), "cancelled" = cancelled - cast($3 as bigint), "state" = case when ended_at_ms is null then state when started_at_ms is null then 'queued' else 'running' end, "cancel_requested_at_ms" = case when ended_at_ms is null then cancel_requested_at_ms end, "cancel_forced" = case when ended_at_ms is null then cancel_forced else 0 end, "held" = case when ended_at_ms is not null and gate is not null then 1 else held end, "gate_since_ms" = case when ended_at_ms is null then gate_since_ms else cast($4 as bigint) end, "timed_out" = case when ended_at_ms is null then timed_out else 0 end, "deadline_ms" = case when started_at_ms is null or held = 1 or (ended_at_ms is not null and gate is not null) then null else cast($5 as bigint) + timeout_ms end, "ended_at_ms" = $6, "has_figures" = 0, "logs_pruned" = 0, "generation" = cast($7 as bigint), "rerun_from" = $8, "activate_from" = $9
  where "no" = cast($10 as bigint)
  returning "no", "deadline_ms";

-- replaceOwners
update "workers"
  set "credential" = coalesce(r.credential, workers.credential)
  from (select e.value ->> 0 as "id", e.value ->> 1 as "credential"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "workers"."id" = "r"."id";

-- requestCancel
update "runs"
  set "cancel_requested_at_ms" = coalesce(cancel_requested_at_ms, cast($1 as bigint)), "cancel_forced" = greatest(cancel_forced, cast($2 as bigint)), "cancel_from" = 0, "cancel_request_hash" = case when cancel_requested_at_ms is null then coalesce(cast($3 as text), cancel_request_hash) else coalesce(cancel_request_hash, cast($4 as text)) end, "deadline_ms" = case when cast($5 as bigint) = 1 or deadline_ms is null then null else greatest(deadline_ms, cast($6 as bigint) + 600000) end
  where "no" = cast($7 as bigint) and "ended_at_ms" is null and ("cancel_requested_at_ms" is null or ("cancel_forced" = 0 and cast($8 as bigint) = 1))
  returning "no";

-- rerunByRequest
select "run", "generation", "at_ms", "requested_by", "chosen", "following"
  from "reruns"
  where "request_hash" = cast($1 as text) and "request_hash" is not null;

-- rerunOfGeneration
select "run", "generation", "at_ms", "requested_by", "chosen", "following"
  from "reruns"
  where "run" = cast($1 as bigint) and "generation" = cast($2 as bigint);

-- resetJobs
update "jobs"
  set "state" = 'waiting', "pending" = "r"."pending", "bad" = "r"."bad", "attempt" = "r"."attempt", "budget_from" = "r"."attempt", "generation" = "r"."generation", "enqueued_at_ms" = $1, "delayed_until_ms" = $2, "started_at_ms" = $3, "ended_at_ms" = $4, "error" = $5, "outputs" = $6, "settled" = 1, "tolerated" = 0, "gate" = $7, "places" = $8
  from (select cast(e.value ->> 0 as bigint) as "id", cast(e.value ->> 1 as bigint) as "pending", cast(e.value ->> 2 as bigint) as "bad", cast(e.value ->> 3 as bigint) as "attempt", cast(e.value ->> 4 as bigint) as "generation"
  from jsonb_array_elements(cast($9 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id" and ("jobs"."state" || '') != 'running'
  returning "jobs"."id";

-- resumeSchedule
update "schedules"
  set "paused_at_ms" = $1, "paused_by" = $2, "pause_reason" = $3, "next_slot_ms" = $4, "due_at_ms" = $5
  where "workflow" = cast($6 as bigint) and "id" = cast($7 as text) and "paused_at_ms" is not null
  returning "id";

-- revokeToken
update "tokens"
  set "revoked_at_ms" = $1
  where ("id" = cast($2 as text) or "name" = cast($3 as text)) and "revoked_at_ms" is null
  returning "id", "name";

-- runByCancelRequest
select "n"."no", "n"."id", "n"."workflow", "w"."id" as "workflow_id", "n"."version", "n"."state", "n"."inputs", "n"."job_count", "v"."survivor_count", "n"."cancel_requested_at_ms", "n"."cancel_forced", "n"."activate_from", "n"."cancel_from", "n"."rerun_from", "n"."gate", "n"."held", "n"."generation", "n"."logs_pruned", "n"."created_at_ms", "n"."traceparent", coalesce(n.name, v.name) as "name", "n"."trigger", "n"."schedule", "n"."backfill", "n"."scheduled_at_ms", "n"."vars"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version"
  where "n"."cancel_request_hash" = cast($1 as text) and "n"."cancel_request_hash" is not null;

-- runById
select "n"."no", "n"."id", "n"."workflow", "w"."id" as "workflow_id", "n"."version", "n"."state", "n"."inputs", "n"."job_count", "v"."survivor_count", "n"."cancel_requested_at_ms", "n"."cancel_forced", "n"."activate_from", "n"."cancel_from", "n"."rerun_from", "n"."gate", "n"."held", "n"."generation", "n"."logs_pruned", "n"."created_at_ms", "n"."traceparent", coalesce(n.name, v.name) as "name", "n"."trigger", "n"."schedule", "n"."backfill", "n"."scheduled_at_ms", "n"."vars"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version"
  where "n"."id" = cast($1 as text);

-- runContexts
select "n"."no", "n"."generation", (select t.name
  from tokens as t
  where t.id = n.started_by) as "started_by"
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no";

-- runJobs
select "j"."id", "j"."state", "j"."attempt", "j"."enqueued_at_ms", "j"."started_at_ms", "j"."ended_at_ms", "j"."tolerated", case when j.error is null then 0 else 1 end as "has_error", "a"."worker_id"
  from "jobs" as "j"
  left join "attempts" as "a" on "a"."job" = "j"."id" and "a"."number" = "j"."attempt"
  where "j"."id" >= cast($1 as bigint) and "j"."id" < cast($2 as bigint) and (cast($3 as bigint) = 1 or "j"."state" in (select e.value
  from jsonb_array_elements_text(cast($4 as jsonb)) as e(value)))
  order by "j"."id"
  limit cast($5 as bigint);

-- runNumbers
select "n"."no"
  from "runs" as "n"
  where ("n"."no" < cast($1 as bigint) and "n"."no" >= cast($2 as bigint) and "n"."created_at_ms" >= cast($3 as bigint) and "n"."created_at_ms" < cast($4 as bigint) and "n"."state" != 'creating' and (cast($5 as bigint) = 1 or "n"."state" in (select e.value
  from jsonb_array_elements_text(cast($6 as jsonb)) as e(value))) and (cast($7 as bigint) = 1 or "n"."started_by" in (select e.value
  from jsonb_array_elements_text(cast($8 as jsonb)) as e(value))))
  order by "n"."no" desc
  limit cast($9 as bigint);

-- runNumbersByIdPrefix
select "n"."no"
  from "runs" as "n"
  where "n"."id" >= cast($1 as text) and "n"."id" < cast($2 as text) and ("n"."no" < cast($3 as bigint) and "n"."no" >= cast($4 as bigint) and "n"."created_at_ms" >= cast($5 as bigint) and "n"."created_at_ms" < cast($6 as bigint) and "n"."state" != 'creating' and (cast($7 as bigint) = 1 or "n"."state" in (select e.value
  from jsonb_array_elements_text(cast($8 as jsonb)) as e(value))) and (cast($9 as bigint) = 1 or "n"."started_by" in (select e.value
  from jsonb_array_elements_text(cast($10 as jsonb)) as e(value))))
  order by "n"."no" desc
  limit cast($11 as bigint);

-- runNumbersInState
select "n"."no"
  from "runs" as "n"
  where "n"."state" = cast($1 as text) and ("n"."no" < cast($2 as bigint) and "n"."no" >= cast($3 as bigint) and "n"."created_at_ms" >= cast($4 as bigint) and "n"."created_at_ms" < cast($5 as bigint) and "n"."state" != 'creating' and (cast($6 as bigint) = 1 or "n"."state" in (select e.value
  from jsonb_array_elements_text(cast($7 as jsonb)) as e(value))) and (cast($8 as bigint) = 1 or "n"."started_by" in (select e.value
  from jsonb_array_elements_text(cast($9 as jsonb)) as e(value))))
  order by "n"."no" desc
  limit cast($10 as bigint);

-- runNumbersOfWorkflow
select "n"."no"
  from "runs" as "n"
  where "n"."workflow" = cast($1 as bigint) and ("n"."no" < cast($2 as bigint) and "n"."no" >= cast($3 as bigint) and "n"."created_at_ms" >= cast($4 as bigint) and "n"."created_at_ms" < cast($5 as bigint) and "n"."state" != 'creating' and (cast($6 as bigint) = 1 or "n"."state" in (select e.value
  from jsonb_array_elements_text(cast($7 as jsonb)) as e(value))) and (cast($8 as bigint) = 1 or "n"."started_by" in (select e.value
  from jsonb_array_elements_text(cast($9 as jsonb)) as e(value))))
  order by "n"."no" desc
  limit cast($10 as bigint);

-- runViews
select "n"."no", "n"."id", "n"."state", "n"."inputs", "n"."job_count", "n"."open", "n"."created_at_ms", "n"."started_at_ms", "n"."ended_at_ms", "n"."version", "n"."generation", "n"."rerun_of", "n"."held", (select g.key
  from gates as g
  where g.no = n.gate) as "gate_key", "n"."name" as "run_name", "n"."trigger" as "run_trigger", "n"."schedule", "n"."scheduled_at_ms", "n"."timed_out", "w"."id" as "workflow_id", "v"."name", "v"."trigger", "v"."number", (select t.name
  from tokens as t
  where t.id = n.started_by) as "started_by"
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version";

-- runsAfterPause
select "n"."no", "v"."start_spec"
  from "runs" as "n"
  inner join "versions" as "v" on "v"."no" = "n"."version"
  where "n"."gate" = cast($1 as bigint) and "n"."held" = 1 and "n"."cancel_requested_at_ms" is null and "n"."rerun_from" is null
  order by "n"."gate", "n"."gate_since_ms", "n"."no"
  limit cast($2 as bigint)
  for update of "n";

-- runsByIdPrefix
select "n"."id", "w"."id" as "workflow_id", "n"."state"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  where "n"."id" >= cast($1 as text) and "n"."id" < cast($2 as text) and "n"."state" != 'creating'
  order by "n"."id"
  limit cast($3 as bigint);

-- runsByNumber
select "n"."no", "n"."id", "n"."workflow", "w"."id" as "workflow_id", "n"."version", "n"."state", "n"."inputs", "n"."job_count", "v"."survivor_count", "n"."cancel_requested_at_ms", "n"."cancel_forced", "n"."activate_from", "n"."cancel_from", "n"."rerun_from", "n"."gate", "n"."held", "n"."generation", "n"."logs_pruned", "n"."created_at_ms", "n"."traceparent", coalesce(n.name, v.name) as "name", "n"."trigger", "n"."schedule", "n"."backfill", "n"."scheduled_at_ms", "n"."vars"
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version";

-- runsByRequest
select "n"."request_hash", "n"."id", "n"."state"
  from (select e.value ->> 0 as "request_hash"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "runs" as "n" on "n"."request_hash" = "r"."request_hash";

-- runsOfEventsAfter
select "number", "run"
  from "events"
  where "number" > cast($1 as bigint)
  order by "number"
  limit cast($2 as bigint);

-- runsOfSlots
select "r"."workflow", "r"."schedule", "r"."slot_ms", (select n.id
  from runs as n
  where n.workflow = r.workflow and n.schedule = r.schedule and n.scheduled_at_ms = r.slot_ms and n.schedule is not null
  limit 1) as "id"
  from (select cast(e.value ->> 0 as bigint) as "workflow", e.value ->> 1 as "schedule", cast(e.value ->> 2 as bigint) as "slot_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r";

-- runsThatCancel
select "n"."id", "n"."gate"
  from "runs" as "n"
  where "n"."gate_cancels" = 1 and "n"."gate" is not null
  limit cast($1 as bigint);

-- runsToTrace
select "n"."id", "n"."traceparent", "n"."generation", "w"."id" as "workflow_id", "n"."state", "n"."created_at_ms", "n"."ended_at_ms", (select e.at_ms
  from reruns as e
  where e.run = n.no and e.generation = n.generation) as "rerun_at_ms"
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow";

-- runsWithUnfinishedWork
select "n"."no", "n"."id", "n"."workflow", "w"."id" as "workflow_id", "n"."version", "n"."state", "n"."inputs", "n"."job_count", "v"."survivor_count", "n"."cancel_requested_at_ms", "n"."cancel_forced", "n"."activate_from", "n"."cancel_from", "n"."rerun_from", "n"."gate", "n"."held", "n"."generation", "n"."logs_pruned", "n"."created_at_ms", "n"."traceparent", coalesce(n.name, v.name) as "name", "n"."trigger", "n"."schedule", "n"."backfill", "n"."scheduled_at_ms", "n"."vars"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version"
  where ("n"."activate_from" is not null or "n"."cancel_from" is not null or "n"."state" = 'creating');

-- schedulesAfter
select "s"."workflow", "s"."id", "s"."spec", "s"."next_slot_ms", "s"."due_at_ms", "s"."last_slot_ms", "s"."last_outcome", "s"."last_run", "s"."last_error", "s"."paused_at_ms", "s"."paused_by", "s"."pause_reason", "w"."id" as "workflow_id", "v"."name" as "workflow_name", (select t.name
  from tokens as t
  where t.id = s.paused_by) as "paused_by_name"
  from "schedules" as "s"
  inner join "workflows" as "w" on "w"."no" = "s"."workflow"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  where "s"."workflow" >= cast($1 as bigint) and ("s"."workflow" > cast($2 as bigint) or "s"."id" > cast($3 as text))
  order by "s"."workflow", "s"."id"
  limit cast($4 as bigint);

-- schedulesByWorkflowId
select "s"."workflow", "s"."id", "s"."spec", "s"."next_slot_ms", "s"."due_at_ms", "s"."last_slot_ms", "s"."last_outcome", "s"."last_run", "s"."last_error", "s"."paused_at_ms", "s"."paused_by", "s"."pause_reason", "w"."id" as "workflow_id", "v"."name" as "workflow_name", (select t.name
  from tokens as t
  where t.id = s.paused_by) as "paused_by_name"
  from "workflows" as "w"
  inner join "schedules" as "s" on "s"."workflow" = "w"."no"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  where "w"."id" = cast($1 as text)
  order by "s"."id";

-- schedulesOfWorkflow
select "s"."workflow", "s"."id", "s"."spec", "s"."next_slot_ms", "s"."due_at_ms", "s"."last_slot_ms", "s"."last_outcome", "s"."last_run", "s"."last_error", "s"."paused_at_ms", "s"."paused_by", "s"."pause_reason"
  from "schedules" as "s"
  where "s"."workflow" = cast($1 as bigint)
  order by "s"."id";

-- setActivateFrom
update "runs"
  set "activate_from" = $1
  where "no" = cast($2 as bigint);

-- setCancelChildrenFrom
update "matrices"
  set "cancel_from" = $1, "to_do" = case when open = 0 or expand_from is not null or decide_from is not null or cast($2 as bigint) is not null then 1 else 0 end
  where "job" = cast($3 as bigint) and "cancel_from" = cast($4 as bigint);

-- setCancelFrom
update "runs"
  set "cancel_from" = $1
  where "no" = cast($2 as bigint);

-- setComputed
update "jobs"
  set "label_set" = "r"."label_set", "priority" = "r"."priority", "name" = "r"."name"
  from (select cast(e.value ->> 0 as bigint) as "id", cast(e.value ->> 1 as bigint) as "label_set", cast(e.value ->> 2 as bigint) as "priority", e.value ->> 3 as "name"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id" and "jobs"."state" = 'waiting';

-- setCurrentVersion
update "workflows"
  set "current_version" = $1, "removed_at_ms" = $2
  where "no" = cast($3 as bigint);

-- setDecideFrom
update "matrices"
  set "decide_from" = $1, "to_do" = case when open = 0 or expand_from is not null or cancel_from is not null or cast($2 as bigint) is not null then 1 else 0 end
  where "job" = cast($3 as bigint) and "decide_from" = cast($4 as bigint);

-- setExpandFrom
update "matrices"
  set "expand_from" = $1, "combinations" = case when cast($2 as bigint) is null then null else combinations end, "to_do" = case when open = 0 or decide_from is not null or cancel_from is not null or cast($3 as bigint) is not null then 1 else 0 end
  where "job" = cast($4 as bigint) and "expand_from" = cast($5 as bigint);

-- setGatesInUse
update "gates"
  set "in_use" = "r"."in_use", "changed_at_ms" = cast($1 as bigint)
  from (select cast(e.value ->> 0 as bigint) as "no", cast(e.value ->> 1 as bigint) as "in_use"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "gates"."no" = "r"."no";

-- setJobErrors
update "jobs"
  set "error" = "r"."error", "tolerated" = "r"."tolerated"
  from (select cast(e.value ->> 0 as bigint) as "id", e.value ->> 1 as "error", cast(e.value ->> 2 as bigint) as "tolerated"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id" and "jobs"."state" = 'failure';

-- setJobGates
update "jobs"
  set "gate" = "r"."gate", "places" = "r"."places"
  from (select cast(e.value ->> 0 as bigint) as "id", cast(e.value ->> 1 as bigint) as "gate", e.value ->> 2 as "places"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id" and ("jobs"."state" || '') = 'held'
  returning "jobs"."id";

-- setLogGap
update "attempts"
  set "log_gap" = cast($1 as text), "log_gap_outputs" = cast($2 as text)
  where "job" = cast($3 as bigint) and "number" = cast($4 as bigint);

-- setNeedCounts
update "jobs"
  set "pending" = "r"."pending", "bad" = "r"."bad"
  from (select cast(e.value ->> 0 as bigint) as "id", cast(e.value ->> 1 as bigint) as "pending", cast(e.value ->> 2 as bigint) as "bad"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id";

-- setNewestRuns
update "workflows"
  set "newest_run" = greatest(coalesce(workflows.newest_run, 0), r.run)
  from (select cast(e.value ->> 0 as bigint) as "workflow", cast(e.value ->> 1 as bigint) as "run"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "workflows"."no" = "r"."workflow";

-- setQueueDeadlines
update "jobs"
  set "queue_timeout_ms" = "r"."queue_timeout_ms", "due_at_ms" = "r"."due_at_ms"
  from (select cast(e.value ->> 0 as bigint) as "id", cast(e.value ->> 1 as bigint) as "queue_timeout_ms", cast(e.value ->> 2 as bigint) as "due_at_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id";

-- setRunGates
update "runs"
  set "gate" = "r"."gate", "gate_max" = "r"."gate_max", "held" = "r"."held", "gate_cancels" = "r"."gate_cancels", "activate_from" = "r"."activate_from", "gate_since_ms" = cast($1 as bigint), "deadline_ms" = case when r.held = 0 then cast($2 as bigint) + runs.timeout_ms end
  from (select cast(e.value ->> 0 as bigint) as "no", cast(e.value ->> 1 as bigint) as "gate", cast(e.value ->> 2 as bigint) as "gate_max", cast(e.value ->> 3 as bigint) as "held", cast(e.value ->> 4 as bigint) as "gate_cancels", cast(e.value ->> 5 as bigint) as "activate_from"
  from jsonb_array_elements(cast($3 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "runs"."no" = "r"."no"
  returning "runs"."deadline_ms";

-- setWorkflowRemoved
update "workflows"
  set "removed_at_ms" = $1
  where "id" = cast($2 as text)
  returning "no";

-- startJobsIfQueued
update "jobs"
  set "state" = 'running', "started_at_ms" = "r"."at_ms", "ended_at_ms" = $1, "error" = $2
  from (select cast(e.value ->> 0 as bigint) as "id", cast(e.value ->> 1 as bigint) as "at_ms"
  from jsonb_array_elements(cast($3 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id" and ("jobs"."state" || '') = 'queued'
  returning "jobs"."id";

-- startSpecOfVersion
select "start_spec"
  from "versions"
  where "no" = cast($1 as bigint);

-- statesOfRun
select "v"."ord", "v"."key", "j"."state", "j"."error"
  from "version_jobs" as "v"
  inner join "jobs" as "j" on "j"."id" = cast($1 as bigint) * 1048576 + v.ord
  where "v"."version" = cast($2 as bigint)
  order by "v"."ord";

-- stdoutPage
select "c"."sequence", "c"."data"
  from (select "lengths"."job", "lengths"."attempt", "lengths"."sequence", "lengths"."stream", sum(bytes) over (order by sequence rows unbounded preceding) - bytes as "before"
  from (select "job", "attempt", "sequence", "stream", octet_length(data) as "bytes"
  from "log_chunks"
  where "job" = cast($1 as bigint) and "attempt" = cast($2 as bigint) and "sequence" > cast($3 as bigint) and "sequence" <= cast($4 as bigint) and "stream" = 1
  order by "sequence"
  limit cast($5 as bigint)) as "lengths") as "places"
  inner join "log_chunks" as "c" on "c"."job" = "places"."job" and "c"."attempt" = "places"."attempt" and "c"."sequence" = "places"."sequence" and "c"."stream" = "places"."stream"
  where "places"."before" < cast($6 as bigint)
  order by "c"."sequence";

-- stepChunks
select "sequence", "at_ms", "data"
  from "log_chunks"
  where "job" = cast($1 as bigint) and "attempt" = cast($2 as bigint) and "sequence" > cast($3 as bigint) and "stream" = 1 and "data" like '%::step %'
  order by "sequence"
  limit cast($4 as bigint);

-- stopAttempts
update "attempts"
  set "stop_reason" = "r"."reason", "stop_by_ms" = "r"."by_ms", "deadline_ms" = "r"."deadline_ms"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number", e.value ->> 2 as "reason", cast(e.value ->> 3 as bigint) as "by_ms", cast(e.value ->> 4 as bigint) as "deadline_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number" and ("attempts"."outcome" || '') is null
  returning "attempts"."job";

-- storedLogChunks
select "c"."job", "c"."attempt", "c"."sequence", "c"."stream"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "attempt", cast(e.value ->> 2 as bigint) as "sequence", cast(e.value ->> 3 as bigint) as "stream"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "log_chunks" as "c" on "c"."job" = "r"."job" and "c"."attempt" = "r"."attempt" and "c"."sequence" = "r"."sequence" and "c"."stream" = "r"."stream";

-- supersedeRuns
update "runs"
  set "cancel_requested_at_ms" = cast($1 as bigint), "cancel_forced" = 1, "cancel_from" = 0
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "runs"."no" = "r"."no";

-- takeDoctorTurn
insert into "meta" ("key", "value")
  values ('doctor_look', cast(cast($1 as bigint) as text))
  on conflict ("key") do update
  set "value" = excluded.value
  where cast("meta"."value" as bigint) < cast($2 as bigint)
  returning "key";

-- takeEventNumbers
update "counters"
  set "value" = value + $1
  where "name" = 'event'
  returning "value";

-- takeSlots
update "schedules"
  set "next_slot_ms" = r.next_slot_ms, "due_at_ms" = r.due_at_ms
  from (select cast(e.value ->> 0 as bigint) as "workflow", e.value ->> 1 as "id", cast(e.value ->> 2 as bigint) as "slot_ms", cast(e.value ->> 3 as bigint) as "next_slot_ms", cast(e.value ->> 4 as bigint) as "due_at_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "schedules"."workflow" = "r"."workflow" and "schedules"."id" = "r"."id" and "schedules"."next_slot_ms" = "r"."slot_ms"
  returning "schedules"."workflow", "schedules"."id";

-- tallyMatrices
update "matrices"
  set "open" = matrices.open - c.ended, "failed" = matrices.failed + c.failed, "cancelled" = matrices.cancelled + c.cancelled, "cancel_from" = case when (matrices.fail_fast = 1 and matrices.cancel_from is null and c.failed > 0 and matrices.open > c.ended) then 0 else matrices.cancel_from end, "to_do" = case when matrices.open = c.ended or (matrices.fail_fast = 1 and matrices.cancel_from is null and c.failed > 0 and matrices.open > c.ended) then 1 else matrices.to_do end
  from (select j.id / 1048576 * 1048576 + "j"."group_ord" as "job", count(*) as "ended", cast(sum(r.failed) as bigint) as "failed", cast(sum(r.cancelled) as bigint) as "cancelled"
  from (select cast(e.value ->> 0 as bigint) as "id", cast(e.value ->> 1 as bigint) as "failed", cast(e.value ->> 2 as bigint) as "cancelled"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id"
  group by 1
  order by 1) as "c"
  where "matrices"."job" = "c"."job"
  returning "matrices"."job", "matrices"."open", "matrices"."to_do";

-- tallyRuns
update "runs"
  set "open" = runs.open - r.ended, "failed" = runs.failed + r.failed, "cancelled" = runs.cancelled + r.cancelled
  from (select cast(e.value ->> 0 as bigint) as "no", cast(e.value ->> 1 as bigint) as "ended", cast(e.value ->> 2 as bigint) as "failed", cast(e.value ->> 3 as bigint) as "cancelled"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "runs"."no" = "r"."no"
  returning "runs"."no", "runs"."state", "runs"."open", "runs"."failed", "runs"."cancelled", "runs"."started_at_ms", "runs"."timed_out", "runs"."gate", "runs"."backfill", "runs"."held";

-- timeOutRuns
update "runs"
  set "cancel_requested_at_ms" = coalesce(runs.cancel_requested_at_ms, cast($1 as bigint)), "cancel_forced" = case when runs.cancel_requested_at_ms is null then 0 else 1 end, "cancel_from" = 0, "timed_out" = case when runs.cancel_requested_at_ms is null then 1 else runs.timed_out end, "deadline_ms" = case when runs.cancel_requested_at_ms is null then cast($2 as bigint) + 600000 end
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($3 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "runs"."no" = "r"."no" and "runs"."ended_at_ms" is null
  returning "runs"."no", "runs"."id", "runs"."workflow", "runs"."cancel_forced", "runs"."timed_out";

-- tokenNames
select "t"."id", "t"."name"
  from (select e.value ->> 0 as "id"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "tokens" as "t" on "t"."id" = "r"."id";

-- touchWorkers
update "workers"
  set "seen_at_ms" = greatest(workers.seen_at_ms, r.seen_at_ms)
  from (select e.value ->> 0 as "id", cast(e.value ->> 1 as bigint) as "seen_at_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "workers"."id" = "r"."id"
  returning "workers"."id";

-- undrainWorker
update "workers"
  set "drained_at_ms" = $1, "drained_by" = $2, "drain_reason" = $3, "drain_stop" = 0
  where "id" = cast($4 as text) and "drained_at_ms" is not null
  returning "id";

-- unfinishedVersions
select "no", "created_at_ms"
  from "versions"
  where "whole" = 0;

-- unsettledJobs
select "j"."id", "j"."state", "j"."tolerated", "n"."version"
  from "jobs" as "j"
  inner join "runs" as "n" on "n"."no" = j.id / 1048576
  where "j"."settled" = 0
  order by "j"."id"
  limit cast($1 as bigint)
  for update of "j" skip locked;

-- unsuccessfulJobs
select "id"
  from "jobs"
  where "id" >= cast($1 as bigint) and "id" < cast($2 as bigint) and "state" in ('failure', 'cancelled') and (group_ord is null or idx < coalesce((select m.total
  from matrices as m
  where m.job = jobs.id / 1048576 * 1048576 + jobs.group_ord), 0))
  order by "id";

-- upstreamBytes
select "r"."job", cast(sum(coalesce(octet_length(j.outputs), 0)) as bigint) as "bytes"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "run", cast(e.value ->> 2 as bigint) as "version", cast(e.value ->> 3 as bigint) as "ord"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "version_edges" as "e" on "e"."version" = "r"."version" and "e"."to_ord" = "r"."ord"
  inner join "jobs" as "j" on "j"."id" = r.run * 1048576 + e.from_ord
  group by "r"."job";

-- variableByName
select "x"."workflow", "x"."name", "x"."value", "x"."changed_at_ms", "x"."changed_by", (select w.id
  from workflows as w
  where w.no = x.workflow) as "workflow_id", (select t.name
  from tokens as t
  where t.id = x.changed_by) as "changed_by_name"
  from "variables" as "x"
  where "x"."workflow" = cast($1 as bigint) and "x"."name" = cast($2 as text);

-- variablesAfter
select "x"."workflow", "x"."name", "x"."value", "x"."changed_at_ms", "x"."changed_by", (select w.id
  from workflows as w
  where w.no = x.workflow) as "workflow_id", (select t.name
  from tokens as t
  where t.id = x.changed_by) as "changed_by_name"
  from "variables" as "x"
  where "x"."workflow" >= cast($1 as bigint) and "x"."workflow" <= cast($2 as bigint) and ("x"."workflow" > cast($3 as bigint) or "x"."name" > cast($4 as text))
  order by "x"."workflow", "x"."name"
  limit cast($5 as bigint);

-- variablesByName
select "x"."workflow", "x"."name", "x"."value"
  from (select cast(e.value ->> 0 as bigint) as "workflow", e.value ->> 1 as "name"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "variables" as "x" on "x"."workflow" = "r"."workflow" and "x"."name" = "r"."name" union all select "x"."workflow", "x"."name", "x"."value"
  from (select cast(e.value ->> 0 as bigint) as "workflow", e.value ->> 1 as "name"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "variables" as "x" on "x"."workflow" = 0 and "x"."name" = "r"."name";

-- versionByNumber
select "v"."no", "v"."name", "v"."trigger", "v"."job_count"
  from "workflows" as "w"
  inner join "versions" as "v" on "v"."workflow" = "w"."no"
  where "w"."id" = cast($1 as text) and "v"."number" = cast($2 as bigint) and "v"."whole" = 1;

-- versionIsUnused
select "v"."no"
  from "versions" as "v"
  inner join "workflows" as "w" on "w"."no" = "v"."workflow"
  where "v"."no" = cast($1 as bigint) and ("w"."current_version" is null or "w"."current_version" <> "v"."no") and not exists (select "n"."no"
  from "runs" as "n"
  where "n"."workflow" = cast($2 as bigint) and "n"."version" = cast($3 as bigint));

-- versionJobByKey
select "ord"
  from "version_jobs"
  where "version" = cast($1 as bigint) and "key" = cast($2 as text);

-- versionJobs
select "v"."version", "v"."ord", "v"."key", "v"."needs", "v"."conditional", "v"."spec"
  from (select cast(e.value ->> 0 as bigint) as "version", cast(e.value ->> 1 as bigint) as "ord"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "version_jobs" as "v" on "v"."version" = "r"."version" and "v"."ord" = "r"."ord";

-- versionText
select "gzip"
  from "version_texts"
  where "version" = cast($1 as bigint);

-- versionsBefore
select "v"."no", "v"."number", "v"."name", "v"."job_count", "v"."created_at_ms", "w"."source" as "workflow_source", "t"."source", "t"."file", "t"."format", "t"."bytes", "t"."created_by", (select o.name
  from tokens as o
  where o.id = t.created_by) as "created_by_name"
  from "versions" as "v"
  inner join "workflows" as "w" on "w"."no" = "v"."workflow"
  left join "version_texts" as "t" on "t"."version" = "v"."no"
  where "v"."workflow" = cast($1 as bigint) and "v"."number" < cast($2 as bigint) and "v"."whole" = 1
  order by "v"."number" desc
  limit cast($3 as bigint);

-- viewSizes
select "r"."at", cast(sum(octet_length(v.spec)) as bigint) as "definition", cast(sum(coalesce(octet_length(j.error), 0) + coalesce(octet_length(j.outputs), 0)) as bigint) as "results", coalesce(max(octet_length(n.inputs)), 0) as "inputs"
  from (select cast(e.value ->> 0 as bigint) as "at", cast(e.value ->> 1 as bigint) as "version", cast(e.value ->> 2 as bigint) as "run"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  left join "runs" as "n" on "n"."no" = "r"."run"
  inner join "version_jobs" as "v" on "v"."version" = coalesce(n.version, r.version)
  left join "jobs" as "j" on "j"."id" = r.run * 1048576 + v.ord
  group by "r"."at";

-- waitingAtGate
select "n"."no", "n"."id", "w"."id" as "workflow_id", coalesce(n.gate_since_ms, n.created_at_ms) as "since_ms", coalesce(n.gate_max, 1) as "max", "n"."cancel_requested_at_ms"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  where "n"."gate" = cast($1 as bigint) and "n"."held" = 1
  order by "n"."gate_since_ms", "n"."no"
  limit cast($2 as bigint);

-- waitingRoots
select "id", "bad", "conditional", "label_set"
  from "jobs"
  where "id" >= cast($1 as bigint) and "id" < cast($2 as bigint) and "state" = 'waiting' and "pending" = 0
  order by "id"
  for update of "jobs";

-- whyChild
select "j"."id", "j"."state", "j"."attempt", "j"."conditional", "j"."error", "j"."label_set", "j"."enqueued_at_ms", "j"."delayed_until_ms", "j"."ended_at_ms", "j"."generation", "j"."budget_from", "j"."tolerated"
  from "jobs" as "j"
  where "j"."id" = cast($1 as bigint);

-- whyJob
select "j"."id", "j"."state", "j"."attempt", "j"."conditional", "j"."error", "j"."label_set", "j"."enqueued_at_ms", "j"."delayed_until_ms", "j"."ended_at_ms", "j"."generation", "j"."budget_from", "j"."tolerated"
  from "version_jobs" as "v"
  inner join "jobs" as "j" on "j"."id" = cast($1 as bigint) * 1048576 + v.ord
  where "v"."version" = cast($2 as bigint) and "v"."key" = cast($3 as text);

-- workerById
select *, (select t.name
  from tokens as t
  where t.id = workers.drained_by) as "drained_by_name"
  from "workers"
  where "id" = cast($1 as text);

-- workflowOfVariables
select "w"."no"
  from "workflows" as "w"
  where "w"."id" = cast($1 as text);

-- workflowSummaries
select "w"."no", "w"."id", "w"."source", "w"."newest_run", "v"."number", "v"."name", "v"."trigger", "v"."job_count"
  from "workflows" as "w"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  where "w"."removed_at_ms" is null and "w"."id" > cast($1 as text) and (lower(w.id) like cast($2 as text) escape '!' or lower(v.name) like cast($3 as text) escape '!')
  order by "w"."id"
  limit cast($4 as bigint);

-- workflowsByIdPrefix
select "no"
  from "workflows"
  where "id" >= cast($1 as text) and "id" < cast($2 as text)
  order by "id"
  limit cast($3 as bigint);
