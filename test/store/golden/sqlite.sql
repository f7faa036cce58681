-- activeBackfills
select "b"."no", "b"."id", "b"."workflow", "b"."schedule", "b"."spec", "b"."again", "b"."max_live", "b"."slots", "b"."total", "b"."position", "w"."id" as "workflow_id", "v"."job_count"
  from "backfills" as "b"
  inner join "workflows" as "w" on "w"."no" = "b"."workflow"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  where "b"."ended_at_ms" is null
  order by "b"."no"
  limit cast(? as integer) ;

-- addLogTally
update "attempts"
  set "log_bytes" = attempts.log_bytes + r.bytes, "log_padding" = attempts.log_padding + r.padding, "has_output_lines" = case when r.flag = 1 then 1 else attempts.has_output_lines end
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number", cast(value ->> 2 as integer) as "bytes", cast(value ->> 3 as integer) as "padding", cast(value ->> 4 as integer) as "flag"
  from jsonb_each(?)) as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number";

-- admitJobs
update "jobs"
  set "state" = "r"."state", "gate" = "r"."gate", "places" = "r"."places", "enqueued_at_ms" = cast(? as integer)
  from (select cast(value ->> 0 as integer) as "id", value ->> 1 as "state", cast(value ->> 2 as integer) as "gate", value ->> 3 as "places"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id" and +"jobs"."state" = 'held'
  returning "jobs"."id", "jobs"."state", "jobs"."label_set", "jobs"."attempt";

-- admitRuns
update "runs"
  set "held" = 0, "gate_cancels" = 0, "gate_since_ms" = cast(? as integer), "activate_from" = 0, "deadline_ms" = cast(? as integer) + runs.timeout_ms
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  where "runs"."no" = "r"."no"
  returning "runs"."no", "runs"."version", "runs"."job_count", "runs"."generation", "runs"."deadline_ms";

-- advanceBackfill
update "backfills"
  set "position" = cast(? as integer), "started" = started + cast(? as integer), "skipped" = skipped + cast(? as integer), "refused" = refused + cast(? as integer), "last_error" = coalesce(?, last_error), "ended_at_ms" = ?
  where "no" = cast(? as integer);

-- allLabelSets
select "id", "labels"
  from "label_sets"
  where "id" > cast(? as integer)
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
  where "a"."job" = cast(? as integer) and "a"."number" = cast(? as integer);

-- attemptsByLease
select "a"."job", "a"."number", "a"."worker_id", "a"."credential", "a"."lease_hash", "a"."request_hash", "a"."ttl_ms", "a"."claimed_at_ms", "a"."expires_at_ms", "a"."timeout_at_ms", "a"."deadline_ms", "a"."outcome", "a"."ended_at_ms", "a"."report_digest", "a"."error", "a"."log_bytes", "a"."log_padding", "a"."log_gap", "a"."has_output_lines", "a"."received", "a"."stop_reason", "a"."stop_by_ms", "j"."state" as "job_state", "j"."attempt" as "job_attempt", "j"."settled" as "job_settled", "j"."budget_from" as "job_budget_from"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number"
  from jsonb_each(?)) as "r"
  inner join "attempts" as "a" on "a"."job" = "r"."job" and "a"."number" = "r"."number"
  inner join "jobs" as "j" on "j"."id" = a.job + 0;

-- attemptsOfJob
select "a"."number", "a"."worker_id", "a"."claimed_at_ms", "a"."ended_at_ms", "a"."outcome", substr(a.error, 1, cast(cast(? as integer) as integer)) as "error", "a"."exit_code", "a"."expires_at_ms", "a"."timeout_at_ms", "a"."log_gap", "a"."log_bytes", "a"."stop_reason", "a"."stop_by_ms"
  from "attempts" as "a"
  where "a"."job" = cast(? as integer) and "a"."number" <= cast(? as integer)
  order by "a"."number" desc
  limit cast(? as integer);

-- attemptsOfRequests
select "a"."request_hash", "a"."job", "a"."number", "a"."worker_id", "a"."credential", "a"."ttl_ms", "a"."claimed_at_ms", "a"."expires_at_ms", "a"."timeout_at_ms", "a"."stop_reason", "j"."enqueued_at_ms", "j"."delayed_until_ms", "j"."label_set", "j"."priority", "j"."matrix"
  from (select value ->> 0 as "request_hash"
  from jsonb_each(?)) as "r"
  inner join "attempts" as "a" on "a"."request_hash" = "r"."request_hash"
  inner join "jobs" as "j" on "j"."id" = "a"."job"
  where +"a"."outcome" is null and "a"."request_hash" is not null;

-- attemptsToTrace
select "n"."id" as "run_id", "n"."traceparent", case when a.number >= j.budget_from then j.generation else 1 end as "generation", "w"."id" as "workflow_id", coalesce(v.key, (select g.key || '.' || c.idx
  from jobs as c join version_jobs as g on g.version = n.version and g.ord = c.group_ord
  where c.id = r.job)) as "key", "a"."number", "a"."worker_id", "a"."claimed_at_ms", "a"."ended_at_ms", "a"."outcome", "a"."error"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number"
  from jsonb_each(?)) as "r"
  inner join "attempts" as "a" on "a"."job" = "r"."job" and "a"."number" = "r"."number"
  inner join "jobs" as "j" on "j"."id" = "r"."job"
  inner join "runs" as "n" on "n"."no" = r.job / 1048576
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  left join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = r.job % 1048576;

-- auditBefore
select "a"."no", "a"."at_ms", "a"."action", "a"."subject", "a"."source", "a"."actor", "a"."data", "t"."name" as "actor_name"
  from "audit" as "a"
  left join "tokens" as "t" on "t"."id" = "a"."actor"
  where "a"."no" < cast(? as integer) and (cast(? as text) = '' or "a"."action" = cast(? as text)) and (cast(? as text) = '' or "a"."subject" = cast(? as text))
  order by "a"."no" desc
  limit cast(? as integer);

-- backfillsOfWorkflow
select "b"."no", "b"."id", "b"."schedule", "b"."from_ms", "b"."to_ms", "b"."newest_first", "b"."again", "b"."max_live", "b"."total", "b"."position", "b"."started", "b"."skipped", "b"."refused", "b"."last_error", "b"."created_at_ms", "b"."ended_at_ms", "b"."cancelled", (select t.name
  from tokens as t
  where t.id = b.created_by) as "created_by_name"
  from "backfills" as "b"
  where "b"."workflow" = cast(? as integer)
  order by "b"."no" desc
  limit cast(? as integer);

-- badNeeds
select distinct "v"."ord", "v"."key", "j"."state", "j"."conditional"
  from (select cast(value ->> 0 as integer) as "ord"
  from jsonb_each(?)) as "r"
  inner join "version_edges" as "e" on "e"."version" = cast(? as integer) and "e"."to_ord" = "r"."ord"
  inner join "jobs" as "j" on "j"."id" = cast(? as integer) * 1048576 + e.from_ord
  inner join "version_jobs" as "v" on "v"."version" = "e"."version" and "v"."ord" = "e"."from_ord"
  where "j"."state" in ('failure', 'skipped', 'cancelled') and "j"."tolerated" = 0
  order by "v"."ord"
  limit cast(? as integer);

-- beginRuns
update "runs"
  set "state" = 'running', "started_at_ms" = ?, "deadline_ms" = coalesce(runs.deadline_ms, cast(? as integer) + runs.timeout_ms)
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  where "runs"."no" = "r"."no" and +"runs"."state" = 'queued'
  returning "runs"."no", "runs"."deadline_ms";

-- cancelBackfill
update "backfills"
  set "ended_at_ms" = ?, "cancelled" = 1
  where "workflow" = cast(? as integer) and "id" = cast(? as text) and +"ended_at_ms" is null
  returning "no";

-- cancelJobs
update "jobs"
  set "state" = 'cancelled', "ended_at_ms" = cast(? as integer), "settled" = case when cast(? as integer) = 1 and (state = 'running' or (state = 'waiting' and pending > 0)) then 2 else settled end
  where "id" >= cast(? as integer) and "id" < cast(? as integer) and (("state" in ('held', 'queued', 'delayed', 'waiting') and "conditional" <= cast(? as integer)) or "state" = 'running')
  returning "id", "attempt", "started_at_ms", "settled", "places";

-- cancelLiveAttempts
update "attempts"
  set "stop_reason" = 'cancelled', "stop_by_ms" = coalesce(attempts.stop_by_ms, cast(? as integer)), "deadline_ms" = min(case when attempts.received = 1 then attempts.expires_at_ms else attempts.deadline_ms end, coalesce(attempts.stop_by_ms, cast(? as integer)))
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number"
  from jsonb_each(?)) as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number" and +"attempts"."outcome" is null
  returning "attempts"."job", "attempts"."number", "attempts"."claimed_at_ms", "attempts"."deadline_ms";

-- cancelMatrices
update "matrices"
  set "cancel_from" = 0, "to_do" = 1
  where "job" >= cast(? as integer) and "job" < cast(? as integer) and "open" > 0 and exists (select "j"."id"
  from "jobs" as "j"
  where "j"."id" = "matrices"."job" and "j"."conditional" <= cast(? as integer))
  returning "job";

-- cancelRequest
select "e"."at_ms", "e"."data"
  from "events" as "e"
  where "e"."run" = cast(? as integer) and "e"."type" = 'run.cancel_requested' and "e"."at_ms" >= cast(? as integer)
  order by "e"."number"
  limit 1;

-- cancelRunningJobs
update "jobs"
  set "state" = 'cancelled', "ended_at_ms" = cast(? as integer), "settled" = 2
  from (select cast(value ->> 0 as integer) as "id"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id" and +"jobs"."state" = 'running'
  returning "jobs"."id", "jobs"."attempt", "jobs"."settled", "jobs"."places";

-- changedJobsToHold
select "j"."id", "j"."state", "j"."places"
  from (select cast(value ->> 0 as integer) as "id"
  from jsonb_each(?)) as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id"
  where "j"."state" in ('queued', 'held')
  order by "j"."id" ;

-- childByIndex
select "j"."id", "v"."ord"
  from "version_jobs" as "v"
  inner join "matrices" as "m" on "m"."job" = cast(? as integer) * 1048576 + v.ord
  inner join "jobs" as "j" on "j"."id" = cast(? as integer) * 1048576 + (v.children_from + cast(? as integer))
  where "v"."version" = cast(? as integer) and "v"."key" = cast(? as text) and "v"."children_from" is not null and "m"."total" > cast(? as integer);

-- childTexts
select "id", "name", "matrix"
  from "jobs"
  where "id" >= cast(? as integer) and "id" < cast(? as integer)
  order by "id";

-- childValues
select "j"."id", "j"."matrix"
  from (select cast(value ->> 0 as integer) as "id"
  from jsonb_each(?)) as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id";

-- childrenOfNode
select "v"."ord", "v"."key", "v"."spec", "j"."id" as "job", "j"."state", "j"."attempt", "j"."started_at_ms", "j"."ended_at_ms", "j"."delayed_until_ms", substr(j.error, 1, 1000) as "error", octet_length("j"."error") as "error_bytes", case when octet_length(j.outputs) <= 1000 then j.outputs end as "outputs", octet_length("j"."outputs") as "outputs_bytes", "j"."label_set", "j"."priority", "j"."name", "j"."tolerated", "j"."idx", "a"."worker_id", "a"."log_gap", "a"."exit_code"
  from "version_jobs" as "v"
  inner join "jobs" as "j" on "j"."id" >= cast(? as integer) and "j"."id" < cast(? as integer)
  left join "attempts" as "a" on "a"."job" = "j"."id" and "a"."number" = "j"."attempt"
  where "v"."version" = cast(? as integer) and "v"."ord" = cast(? as integer)
  order by "j"."id";

-- claimableBySet
select "label_set", count(*) as "jobs", min(enqueued_at_ms) as "oldest_ms"
  from "jobs"
  where "state" = 'queued'
  group by "label_set";

-- claimableJobs
select "j"."id", "j"."label_set", "j"."priority", "j"."attempt", "j"."enqueued_at_ms", "j"."delayed_until_ms", "j"."matrix"
  from ( select h.*
  from json_each(?) as s cross join jobs as h on h.id in ( select q.id
  from jobs as q
  where q.label_set = cast(s.value as integer) and q.state = 'queued'
  order by q.priority desc, q.enqueued_at_ms, q.id
  limit cast(? as integer))) as "j"
  order by "j"."priority" desc, "j"."enqueued_at_ms", "j"."id"
  limit cast(? as integer);

-- claimableLabelSets
select "s"."id"
  from "label_sets" as "s"
  where (select j.id
  from jobs as j
  where j.label_set = "s"."id" and j.state = 'queued'
  limit 1) is not null;

-- clearLogGaps
update "attempts"
  set "log_gap" = ?, "log_gap_outputs" = ?
  where "job" >= cast(? as integer) and "job" < cast(? as integer) and "log_gap" is not null;

-- clearToDoIfUnchanged
update "matrices"
  set "to_do" = 0, "expand_from" = ?, "decide_from" = ?, "cancel_from" = ?, "combinations" = ?
  where "job" = cast(? as integer) and "open" = cast(? as integer) and coalesce(expand_from, -1) = cast(? as integer) and coalesce(decide_from, -1) = cast(? as integer) and coalesce(cancel_from, -1) = cast(? as integer);

-- closeNode
update "jobs"
  set "state" = cast(? as text), "ended_at_ms" = ?, "error" = ?, "outputs" = ?, "tolerated" = ?
  where "id" = cast(? as integer) and +"state" = 'open'
  returning "id";

-- countHolders
select count(*) as "count"
  from "runs" as "n"
  where "n"."gate" = cast(? as integer) and "n"."ended_at_ms" is null and "n"."held" = 0;

-- countJobHolders
select count(*) as "count"
  from "jobs" as "j"
  where "j"."gate" = cast(? as integer) and "j"."gate" is not null and "j"."state" in ('queued', 'delayed', 'running');

-- countJobsOfRange
select count(*) as "count"
  from "jobs"
  where "id" >= cast(? as integer) and "id" < cast(? as integer);

-- countParallelChildren
select count(*) as "count"
  from "jobs" as "j"
  where "j"."id" >= cast(? as integer) / 1048576 * 1048576 + 262144 and "j"."id" < (cast(? as integer) / 1048576 + 1) * 1048576 and "j"."group_ord" = cast(? as integer) % 1048576 and "j"."places" is not null and ("j"."state" in ('queued', 'delayed', 'running') or ("j"."state" = 'held' and "j"."gate" <> cast(? as integer)));

-- countPauses
select count(*) as "count"
  from "pauses";

-- countPrunable
select coalesce(sum(case when n.ended_at_ms < cast(? as integer) and (w.newest_run is null or w.newest_run <> n.no or (w.removed_at_ms is not null and w.source = 'api')) then 1 else 0 end), 0) as "runs", coalesce(sum(case when n.logs_pruned = 0 and n.ended_at_ms < cast(? as integer) and not (n.ended_at_ms < cast(? as integer) and (w.newest_run is null or w.newest_run <> n.no or (w.removed_at_ms is not null and w.source = 'api'))) then 1 else 0 end), 0) as "logs"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  where "n"."ended_at_ms" is not null;

-- countPrunedEvents
update "counters"
  set "value" = value + cast(? as integer)
  where "name" = 'pruned_events'
  returning "value";

-- countRunJobs
select "r"."no" as "run", "j"."state", case when j.state = 'queued' then j.label_set else 0 end as "label_set", count(*) as "jobs", cast(sum(j.attempt) as bigint) as "retries", cast(sum(j.tolerated) as bigint) as "tolerated"
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  inner join "jobs" as "j" on "j"."id" >= r.no * 1048576 and "j"."id" < r.no * 1048576 + 262144
  group by "r"."no", "j"."state", case when j.state = 'queued' then j.label_set else 0 end;

-- countVariables
select count(*) as "count"
  from "variables"
  where "workflow" >= 0;

-- countWaitingRuns
select count(*) as "count"
  from "runs" as "n"
  where "n"."gate" = cast(? as integer) and "n"."held" = 1 and "n"."cancel_requested_at_ms" is null;

-- currentVersion
select "w"."no" as "workflow", "w"."id" as "workflow_id", "w"."source", "w"."removed_at_ms", "v"."no" as "version", "v"."number", "v"."hash", "v"."name", "v"."trigger", "v"."job_count", "v"."survivor_count", "v"."conditional_roots", "v"."root_label_sets", "v"."start_spec"
  from "workflows" as "w"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  where "w"."id" = cast(? as text);

-- currentVersions
select "w"."no" as "workflow", "w"."id" as "workflow_id", "w"."source", "w"."removed_at_ms", "v"."no" as "version", "v"."number", "v"."hash", "v"."name", "v"."trigger", "v"."job_count", "v"."survivor_count", "v"."conditional_roots", "v"."root_label_sets", "v"."start_spec"
  from (select value ->> 0 as "id"
  from jsonb_each(?)) as "r"
  inner join "workflows" as "w" on "w"."id" = "r"."id"
  inner join "versions" as "v" on "v"."no" = "w"."current_version";

-- currentVersionsOfRuns
select "n"."id" as "run_id", "n"."inputs", "w"."no" as "workflow", "w"."id" as "workflow_id", "w"."source", "w"."removed_at_ms", "v"."no" as "version", "v"."number", "v"."hash", "v"."name", "v"."trigger", "v"."job_count", "v"."survivor_count", "v"."conditional_roots", "v"."root_label_sets", "v"."start_spec"
  from (select value ->> 0 as "id"
  from jsonb_each(?)) as "r"
  inner join "runs" as "n" on "n"."id" = "r"."id"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "w"."current_version";

-- deleteAttempts
delete
  from "attempts"
  where ("attempts"."job", "attempts"."number") in (select "r"."job", "r"."number"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number"
  from jsonb_each(?)) as "r");

-- deleteAttemptsOfRange
delete
  from "attempts"
  where ("job", "number") in (select "a"."job", "a"."number"
  from "attempts" as "a"
  where "a"."job" >= cast(? as integer) and "a"."job" < cast(? as integer)
  limit cast(? as integer))
  returning "job";

-- deleteAuditUpTo
delete
  from "audit"
  where "no" <= cast(? as integer);

-- deleteBackfillsOfWorkflow
delete
  from "backfills"
  where "workflow" = cast(? as integer);

-- deleteEndedRun
delete
  from "runs"
  where "no" = cast(? as integer) and +"ended_at_ms" is not null
  returning "no";

-- deleteEventsOfRun
delete
  from "events"
  where "number" in (select "e"."number"
  from "events" as "e"
  where "e"."run" = cast(? as integer)
  limit cast(? as integer))
  returning "number";

-- deleteIdleGates
delete
  from "gates"
  where "no" in (select "g"."no"
  from "gates" as "g"
  where "g"."in_use" = 0 and "g"."changed_at_ms" < cast(? as integer) and not exists (select "n"."no"
  from "runs" as "n"
  where "n"."gate" = "g"."no") and not exists (select "p"."gate"
  from "pauses" as "p"
  where "p"."gate" = "g"."no") and (select h.id
  from jobs as h
  where h.gate = "g"."no" and h.state = 'held'
  limit 1) is null
  order by "g"."changed_at_ms"
  limit cast(? as integer)) and "in_use" = 0 and "changed_at_ms" < cast(? as integer)
  returning "no";

-- deleteJobsOfRange
delete
  from "jobs"
  where "id" >= cast(? as integer) and "id" < cast(? as integer);

-- deleteLogChunks
delete
  from "log_chunks"
  where ("job", "attempt", "sequence", "stream") in (select "c"."job", "c"."attempt", "c"."sequence", "c"."stream"
  from "log_chunks" as "c"
  where "c"."job" >= cast(? as integer) and "c"."job" < cast(? as integer)
  limit cast(? as integer))
  returning "job";

-- deleteLogRange
delete
  from "log_chunks"
  where "job" = cast(? as integer) and "attempt" = cast(? as integer) and (sequence, stream) > (cast(? as integer), cast(? as integer)) and (sequence, stream) <= (cast(? as integer), cast(? as integer));

-- deleteLogsOfAttempts
delete
  from "log_chunks"
  where ("log_chunks"."job", "log_chunks"."attempt") in (select "r"."job", "r"."attempt"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "attempt"
  from jsonb_each(?)) as "r");

-- deleteMatrices
delete
  from "matrices"
  where "job" in (select "r"."id"
  from (select cast(value ->> 0 as integer) as "id"
  from jsonb_each(?)) as "r");

-- deleteMatricesOfRun
delete
  from "matrices"
  where "job" >= cast(? as integer) and "job" < cast(? as integer);

-- deleteOldBackfills
delete
  from "backfills"
  where "workflow" = cast(? as integer) and "no" < cast(? as integer) and "ended_at_ms" is not null;

-- deleteOldSessions
delete
  from "sessions"
  where ("expires_at_ms" <= cast(? as integer) or ("token" = cast(? as text) and "hash" not in (select "s"."hash"
  from "sessions" as "s"
  where "s"."token" = cast(? as text)
  order by "s"."created_at_ms" desc, "s"."hash"
  limit cast(? as integer))));

-- deletePause
delete
  from "pauses"
  where "kind" = cast(? as text) and "subject" = cast(? as text)
  returning "gate";

-- deleteRerunsOfRun
delete
  from "reruns"
  where "run" = cast(? as integer);

-- deleteRunBeingMade
delete
  from "runs"
  where "no" = cast(? as integer) and +"state" = 'creating'
  returning "no";

-- deleteRunFigures
delete
  from "run_figures"
  where "run" = cast(? as integer);

-- deleteSchedule
delete
  from "schedules"
  where "workflow" = cast(? as integer) and "id" = cast(? as text);

-- deleteSchedulesOfWorkflow
delete
  from "schedules"
  where "workflow" = (select "no"
  from "workflows"
  where "id" = cast(? as text));

-- deleteSchedulesOfWorkflowNo
delete
  from "schedules"
  where "workflow" = cast(? as integer);

-- deleteSession
delete
  from "sessions"
  where "hash" = cast(? as text)
  returning "token";

-- deleteSomeJobs
delete
  from "jobs"
  where "id" in (select "j"."id"
  from "jobs" as "j"
  where "j"."id" >= cast(? as integer) and "j"."id" < cast(? as integer)
  limit cast(? as integer))
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
  where "workflow" = cast(? as integer) and "name" = cast(? as text)
  returning "name";

-- deleteVariablesOfWorkflow
delete
  from "variables"
  where "workflow" = cast(? as integer);

-- deleteVersion
delete
  from "versions"
  where "no" = cast(? as integer);

-- deleteVersionEdges
delete
  from "version_edges"
  where "version" = cast(? as integer);

-- deleteVersionJobs
delete
  from "version_jobs"
  where "version" = cast(? as integer);

-- deleteVersionText
delete
  from "version_texts"
  where "version" = cast(? as integer);

-- deleteVersionUnlessWhole
delete
  from "versions"
  where "no" = cast(? as integer) and "whole" = 0
  returning "no";

-- deleteWorkflow
delete
  from "workflows"
  where "no" = cast(? as integer);

-- directDependants
select distinct "e"."to_ord" as "ord"
  from (select cast(value ->> 0 as integer) as "ord"
  from jsonb_each(?)) as "r" cross join "version_edges" as "e"
  where "e"."version" = cast(? as integer) and "e"."from_ord" = "r"."ord";

-- drainWorker
update "workers"
  set "drained_at_ms" = cast(? as integer), "drained_by" = ?, "drain_reason" = cast(? as text), "drain_stop" = cast(? as integer)
  where "id" = cast(? as text) and ("drained_at_ms" is null or "drain_stop" <> cast(? as integer))
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
  where "s"."due_at_ms" <= cast(? as integer) and "s"."due_at_ms" is not null
  order by "s"."due_at_ms"
  limit cast(? as integer) ;

-- endAttemptsIfLive
update "attempts"
  set "outcome" = "r"."outcome", "ended_at_ms" = "r"."at_ms", "report_digest" = "r"."digest", "error" = "r"."error", "exit_code" = "r"."exit_code"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number", value ->> 2 as "outcome", cast(value ->> 3 as integer) as "at_ms", value ->> 4 as "digest", value ->> 5 as "error", cast(value ->> 6 as integer) as "exit_code"
  from jsonb_each(?)) as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number" and +"attempts"."outcome" is null
  returning "attempts"."job";

-- endRuns
update "runs"
  set "state" = "r"."state", "ended_at_ms" = "r"."at_ms", "held" = 0, "gate_cancels" = 0, "deadline_ms" = ?, "has_figures" = 1
  from (select cast(value ->> 0 as integer) as "no", value ->> 1 as "state", cast(value ->> 2 as integer) as "at_ms"
  from jsonb_each(?)) as "r"
  where "runs"."no" = "r"."no";

-- endedNeeds
select "r"."job", "v"."key", "j"."state", "j"."tolerated", "j"."outputs", substr(j.error, 1, 1001) as "error", "j"."attempt", "j"."started_at_ms", "j"."ended_at_ms"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "run", cast(value ->> 2 as integer) as "version", cast(value ->> 3 as integer) as "ord"
  from jsonb_each(?)) as "r"
  inner join "version_edges" as "e" on "e"."version" = "r"."version" and "e"."to_ord" = "r"."ord"
  inner join "jobs" as "j" on "j"."id" = r.run * 1048576 + e.from_ord
  inner join "version_jobs" as "v" on "v"."version" = "e"."version" and "v"."ord" = "e"."from_ord";

-- ensureGates
insert into "gates" ("key", "in_use", "changed_at_ms") select "r"."key", 0 as "in_use", cast(? as integer) as "changed_at_ms"
  from (select value ->> 0 as "key"
  from jsonb_each(?)) as "r"
  where true
  order by "r"."key"
  on conflict ("key") do nothing;

-- ensureLabelSets
insert into "label_sets" ("labels") select "r"."labels"
  from (select value ->> 0 as "labels"
  from jsonb_each(?)) as "r"
  where true
  order by "r"."labels"
  on conflict ("labels") do nothing;

-- ensureWorkflow
insert into "workflows" ("id", "source", "created_at_ms")
  values (?, ?, ?)
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
  where "e"."number" > cast(? as integer)
  order by "e"."number"
  limit cast(? as integer);

-- eventsOfRunAfter
select "e"."number", "e"."at_ms", "e"."type", "n"."id" as "run_id", coalesce(v.key, (select g.key || '.' || c.idx
  from jobs as c join version_jobs as g on g.version = n.version and g.ord = c.group_ord
  where c.id = e.job)) as "key", "e"."attempt", "e"."data"
  from "events" as "e"
  inner join "runs" as "n" on "n"."no" = "e"."run"
  left join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = e.job % 1048576
  where "e"."run" = cast(? as integer) and "e"."number" > cast(? as integer)
  order by "e"."number"
  limit cast(? as integer);

-- examplesOfRun
select "v"."key", "g"."state", "g"."label_set", "g"."conditional"
  from (select "j"."id", "j"."state", case when j.state = 'queued' then j.label_set else 0 end as "label_set", case when j.state = 'skipped' then j.conditional else 0 end as "conditional", row_number() over (partition by j.state, case when j.state = 'queued' then j.label_set else 0 end, case when j.state = 'skipped' then j.conditional else 0 end
  order by j.id) as "place"
  from "jobs" as "j"
  where "j"."id" >= cast(? as integer) * 1048576 and "j"."id" < cast(? as integer) * 1048576 + 262144 and "j"."state" != 'success' and "j"."state" != 'failure') as "g"
  inner join "version_jobs" as "v" on "v"."version" = cast(? as integer) and "g"."id" = cast(? as integer) * 1048576 + v.ord
  where "g"."place" <= cast(? as integer)
  order by "g"."id";

-- failInQueue
update "jobs"
  set "state" = 'failure', "ended_at_ms" = cast(? as integer), "error" = "r"."error", "tolerated" = "r"."tolerated"
  from (select cast(value ->> 0 as integer) as "id", value ->> 1 as "error", cast(value ->> 2 as integer) as "tolerated"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id" and +"jobs"."state" in ('queued', 'held')
  returning "jobs"."id", "jobs"."places";

-- failedChildOfNode
select "v"."key", "j"."idx", "j"."name", "j"."error"
  from "matrices" as "m"
  inner join "version_jobs" as "v" on "v"."version" = cast(? as integer) and "v"."ord" = cast(? as integer) % 1048576
  inner join "jobs" as "j" on "j"."id" >= cast(? as integer) / 1048576 * 1048576 + v.children_from and "j"."id" < cast(? as integer) / 1048576 * 1048576 + v.children_from + m.total
  where "m"."job" = cast(? as integer) and "j"."state" = 'failure'
  order by "j"."id"
  limit 1;

-- failuresOfRun
select "v"."key", "j"."tolerated", substr(j.error, 1, cast(cast(? as integer) as integer)) as "error"
  from "jobs" as "j"
  inner join "version_jobs" as "v" on "v"."version" = cast(? as integer) and "j"."id" = cast(? as integer) * 1048576 + v.ord
  where "j"."id" >= cast(? as integer) * 1048576 and "j"."id" < cast(? as integer) * 1048576 + 262144 and "j"."state" = 'failure'
  order by "j"."id"
  limit cast(? as integer);

-- figuresOfAll
select "ended_at_ms", "state", "duration_ms", "waiting_ms"
  from "run_figures"
  where "ended_at_ms" >= cast(? as integer)
  order by "ended_at_ms" desc
  limit cast(? as integer);

-- figuresOfWorkflow
select "ended_at_ms", "state", "duration_ms", "waiting_ms"
  from "run_figures"
  where "workflow" = cast(? as integer) and "ended_at_ms" >= cast(? as integer)
  order by "ended_at_ms" desc
  limit cast(? as integer);

-- fileWorkflows
select "id", "removed_at_ms"
  from "workflows"
  where "source" = 'file';

-- finishFilling
update "runs"
  set "state" = 'queued', "activate_from" = ?
  where "no" = cast(? as integer) and "state" = 'creating'
  returning "workflow";

-- finishVersion
update "versions"
  set "whole" = ?
  where "no" = cast(? as integer);

-- firstClaimable
select "j"."id"
  from "jobs" as "j"
  where "j"."label_set" = cast(? as integer) and "j"."state" = 'queued'
  order by "j"."priority" desc, "j"."enqueued_at_ms", "j"."id"
  limit cast(? as integer);

-- firstFailures
select "r"."no" as "run", case when j.idx is null then v.key else v.key || '.' || j.idx end as "key", substr(j.error, 1, 2000) as "error"
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
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
  where "workflow" = cast(? as integer)
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
  where "j"."gate" = cast(? as integer) and "j"."state" = 'held'
  order by "j"."gate", "j"."priority" desc, "j"."enqueued_at_ms", "j"."id"
  limit cast(? as integer) ;

-- firstRunFromId
select "no"
  from "runs"
  where "id" >= cast(? as text)
  order by "id"
  limit 1;

-- firstWaitingRuns
select "n"."no", "n"."id", coalesce(n.gate_max, 1) as "max"
  from "runs" as "n"
  where "n"."gate" = cast(? as integer) and "n"."held" = 1 and "n"."cancel_requested_at_ms" is null and "n"."rerun_from" is null
  order by "n"."gate", "n"."gate_since_ms", "n"."no"
  limit cast(? as integer) ;

-- forgetNewestRun
update "workflows"
  set "newest_run" = ?
  where "no" = cast(? as integer) and "newest_run" = cast(? as integer);

-- gapOutputs
select "log_gap", "log_gap_outputs"
  from "attempts"
  where "job" = cast(? as integer) and "number" = cast(? as integer);

-- gateOfHeldJob
select "g"."no", "g"."key", "g"."in_use", "j"."places", "j"."enqueued_at_ms" as "since_ms", "v"."key" as "node_key"
  from "jobs" as "j"
  inner join "gates" as "g" on "g"."no" = "j"."gate"
  inner join "runs" as "n" on "n"."no" = j.id / 1048576
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = coalesce(j.group_ord, j.id % 1048576)
  where "j"."id" = cast(? as integer) and +"j"."state" = 'held';

-- gatesByKey
select "g"."no", "g"."key"
  from (select value ->> 0 as "key"
  from jsonb_each(?)) as "r"
  inner join "gates" as "g" on "g"."key" = "r"."key";

-- gatesInUse
select "g"."no", "g"."key", "g"."in_use"
  from "gates" as "g"
  where "g"."key" >= cast(? as text) and "g"."key" < cast(? as text) and ("g"."in_use" > 0 or (select "n"."held"
  from "runs" as "n"
  where "n"."gate" = "g"."no" and "n"."held" = 1
  limit 1) = 1 or (select h.id
  from jobs as h
  where h.gate = "g"."no" and h.state = 'held'
  limit 1) is not null)
  order by "g"."key"
  limit cast(? as integer);

-- gatesOfEndedPauses
select "g"."no", "g"."key"
  from "gates" as "g"
  where "g"."key" >= cast(? as text) and "g"."key" < cast(? as text) and not exists (select "p"."gate"
  from "pauses" as "p"
  where "p"."gate" = "g"."no") and ((select h.id
  from jobs as h
  where h.gate = g.no and h.state = 'held'
  limit 1) is not null or (select n.no
  from runs as n
  where n.gate = g.no and n.held = 1
  limit 1) is not null)
  order by "g"."key"
  limit cast(? as integer);

-- gatesWithHeldJobs
select "g"."no" as "gate"
  from "gates" as "g"
  where "g"."no" > cast(? as integer) and (select h.id
  from jobs as h
  where h.gate = "g"."no" and h.state = 'held'
  limit 1) is not null
  order by "g"."no"
  limit cast(? as integer);

-- gatesWithWaiting
select "n"."gate"
  from "runs" as "n"
  where "n"."held" = 1 and "n"."gate" > cast(? as integer)
  group by "n"."gate"
  order by "n"."gate"
  limit cast(? as integer);

-- graceForLiveLeases
update "attempts"
  set "expires_at_ms" = max(expires_at_ms, cast(? as integer) + ttl_ms), "timeout_at_ms" = case when timeout_at_ms is null or stop_by_ms is not null then timeout_at_ms else max(timeout_at_ms, cast(? as integer) + ttl_ms) end, "deadline_ms" = case when stop_by_ms is null then max(deadline_ms, cast(? as integer) + ttl_ms) else min(max(expires_at_ms, cast(? as integer) + ttl_ms), max(stop_by_ms, cast(? as integer) + cast(? as integer))) end, "stop_by_ms" = case when stop_by_ms is null then null else max(stop_by_ms, cast(? as integer) + cast(? as integer)) end
  where "outcome" is null
  returning "job";

-- groupByKey
select "v"."ord", "v"."children_from"
  from "version_jobs" as "v"
  where "v"."version" = cast(? as integer) and "v"."key" = cast(? as text) and "v"."children_from" is not null;

-- groupsOfVersion
select "v"."ord", "v"."children_from"
  from "version_jobs" as "v"
  where "v"."version" = cast(? as integer) and "v"."children_from" is not null
  order by "v"."ord";

-- hasVersionText
select "version"
  from "version_texts"
  where "version" = cast(? as integer);

-- holdJobs
update "jobs"
  set "state" = 'held', "gate" = "r"."gate", "places" = "r"."places"
  from (select cast(value ->> 0 as integer) as "id", cast(value ->> 1 as integer) as "gate", value ->> 2 as "places"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id" and +"jobs"."state" in ('queued', 'held')
  returning "jobs"."id";

-- holdersOfGate
select "n"."no", "n"."id", "w"."id" as "workflow_id", coalesce(n.gate_since_ms, n.created_at_ms) as "since_ms", coalesce(n.gate_max, 1) as "max", "n"."cancel_requested_at_ms"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  where "n"."gate" = cast(? as integer) and "n"."ended_at_ms" is null and "n"."held" = 0
  order by "n"."gate_since_ms", "n"."no"
  limit cast(? as integer);

-- holdersOfRun
select "v"."key", "f"."state", count(*) as "holds", count(*) over () as "holders"
  from "jobs" as "f"
  inner join "version_jobs" as "v" on "v"."version" = cast(? as integer) and "f"."id" = cast(? as integer) * 1048576 + v.ord
  inner join "version_edges" as "e" on "e"."version" = "v"."version" and "e"."from_ord" = "v"."ord"
  inner join "jobs" as "t" on "t"."id" = cast(? as integer) * 1048576 + e.to_ord
  where "f"."id" >= cast(? as integer) * 1048576 and "f"."id" < cast(? as integer) * 1048576 + 262144 and "f"."state" in ('queued', 'running', 'open', 'delayed') and "t"."state" = 'waiting'
  group by "f"."id", "f"."state", "v"."key"
  order by count(*) desc, "f"."id"
  limit cast(? as integer);

-- insertAttempts
insert into "attempts" ("job", "number", "worker_id", "credential", "lease_hash", "request_hash", "ttl_ms", "claimed_at_ms", "expires_at_ms", "timeout_at_ms", "deadline_ms", "received", "log_bytes", "has_output_lines") select "r"."job", "r"."number", "r"."worker_id", "r"."credential", "r"."lease_hash", "r"."request_hash", "r"."ttl_ms", "r"."claimed_at_ms", "r"."expires_at_ms", "r"."timeout_at_ms", "r"."deadline_ms", "r"."received", 0 as "log_bytes", 0 as "has_output_lines"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number", value ->> 2 as "worker_id", value ->> 3 as "credential", value ->> 4 as "lease_hash", value ->> 5 as "request_hash", cast(value ->> 6 as integer) as "ttl_ms", cast(value ->> 7 as integer) as "claimed_at_ms", cast(value ->> 8 as integer) as "expires_at_ms", cast(value ->> 9 as integer) as "timeout_at_ms", cast(value ->> 10 as integer) as "deadline_ms", cast(value ->> 11 as integer) as "received"
  from jsonb_each(?)) as "r";

-- insertAudit
insert into "audit" ("at_ms", "action", "subject", "source", "actor", "data") select "r"."at_ms", "r"."action", "r"."subject", "r"."source", "r"."actor", "r"."data"
  from (select cast(value ->> 0 as integer) as "at_ms", value ->> 1 as "action", value ->> 2 as "subject", value ->> 3 as "source", value ->> 4 as "actor", value ->> 5 as "data"
  from jsonb_each(?)) as "r";

-- insertBackfill
insert into "backfills" ("id", "workflow", "schedule", "spec", "from_ms", "to_ms", "newest_first", "again", "max_live", "slots", "total", "created_at_ms", "created_by", "ended_at_ms", "last_error")
  values (cast(? as text), cast(? as integer), cast(? as text), cast(? as text), cast(? as integer), cast(? as integer), cast(? as integer), cast(? as integer), cast(? as integer), cast(? as text), cast(? as integer), cast(? as integer), ?, ?, ?);

-- insertChildren
insert into "jobs" ("id", "label_set", "priority", "state", "conditional", "pending", "bad", "attempt", "enqueued_at_ms", "ended_at_ms", "error", "name", "settled", "generation", "budget_from", "tolerated", "group_ord", "idx", "matrix") select "r"."id", "r"."label_set", "r"."priority", "r"."state", "r"."conditional", 0 as "pending", 0 as "bad", coalesce((select max(a.number)
  from attempts as a
  where a.job = "r"."id"), -1) + 1 as "attempt", "r"."enqueued_at_ms", "r"."ended_at_ms", "r"."error", "r"."name", 1 as "settled", "r"."generation", coalesce((select max(a.number)
  from attempts as a
  where a.job = "r"."id"), -1) + 1 as "budget_from", "r"."tolerated", "r"."group_ord", "r"."idx", "r"."matrix"
  from (select cast(value ->> 0 as integer) as "id", cast(value ->> 1 as integer) as "label_set", cast(value ->> 2 as integer) as "priority", value ->> 3 as "state", cast(value ->> 4 as integer) as "conditional", cast(value ->> 5 as integer) as "enqueued_at_ms", cast(value ->> 6 as integer) as "ended_at_ms", value ->> 7 as "error", value ->> 8 as "name", cast(value ->> 9 as integer) as "tolerated", cast(value ->> 10 as integer) as "generation", cast(value ->> 11 as integer) as "group_ord", cast(value ->> 12 as integer) as "idx", value ->> 13 as "matrix"
  from jsonb_each(?)) as "r"
  where true
  on conflict ("id") do update
  set "label_set" = excluded.label_set, "priority" = excluded.priority, "state" = excluded.state, "attempt" = excluded.attempt, "enqueued_at_ms" = excluded.enqueued_at_ms, "delayed_until_ms" = ?, "started_at_ms" = ?, "ended_at_ms" = excluded.ended_at_ms, "error" = excluded.error, "outputs" = ?, "name" = excluded.name, "settled" = 1, "generation" = excluded.generation, "budget_from" = excluded.budget_from, "tolerated" = excluded.tolerated, "matrix" = excluded.matrix, "gate" = ?, "places" = ?;

-- insertEvents
insert into "events" ("number", "at_ms", "type", "run", "job", "attempt", "data") select "r"."number", "r"."at_ms", "r"."type", "r"."run", "r"."job", "r"."attempt", "r"."data"
  from (select cast(value ->> 0 as integer) as "number", cast(value ->> 1 as integer) as "at_ms", value ->> 2 as "type", cast(value ->> 3 as integer) as "run", cast(value ->> 4 as integer) as "job", cast(value ->> 5 as integer) as "attempt", value ->> 6 as "data"
  from jsonb_each(?)) as "r";

-- insertJobsOfRuns
insert into "jobs" ("id", "label_set", "priority", "state", "conditional", "pending", "bad", "attempt", "enqueued_at_ms", "settled") select r.run * 1048576 + v.ord as "id", "v"."label_set", "v"."priority", case when r.live = 1 and v.needs = 0 and v.conditional = 0 then 'queued' else 'waiting' end as "state", "v"."conditional", "v"."needs" as "pending", 0 as "bad", 0 as "attempt", case when r.live = 1 and v.needs = 0 and v.conditional = 0 then r.at_ms end as "enqueued_at_ms", 1 as "settled"
  from (select cast(value ->> 0 as integer) as "run", cast(value ->> 1 as integer) as "version", cast(value ->> 2 as integer) as "from_ord", cast(value ->> 3 as integer) as "to_ord", cast(value ->> 4 as integer) as "live", cast(value ->> 5 as integer) as "at_ms"
  from jsonb_each(?)) as "r"
  inner join "version_jobs" as "v" on "v"."version" = "r"."version" and "v"."ord" >= "r"."from_ord" and "v"."ord" < "r"."to_ord";

-- insertLogChunks
insert into "log_chunks" ("job", "attempt", "sequence", "stream", "at_ms", "data") select "r"."job", "r"."attempt", "r"."sequence", "r"."stream", "r"."at_ms", "r"."data"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "attempt", cast(value ->> 2 as integer) as "sequence", cast(value ->> 3 as integer) as "stream", cast(value ->> 4 as integer) as "at_ms", value ->> 5 as "data"
  from jsonb_each(?)) as "r"
  where true
  on conflict ("job", "attempt", "sequence", "stream") do nothing
  returning "job", "attempt", "sequence", "stream";

-- insertMatrices
insert into "matrices" ("job", "total", "open", "failed", "cancelled", "fail_fast", "expand_from", "decide_from", "cancel_from", "to_do", "combinations") select "r"."job", "r"."total", "r"."total" as "open", 0 as "failed", 0 as "cancelled", "r"."fail_fast", "r"."expand_from", cast(null as bigint) as "decide_from", cast(null as bigint) as "cancel_from", case when r.total > 0 then 1 else 0 end as "to_do", "r"."combinations"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "total", cast(value ->> 2 as integer) as "fail_fast", cast(value ->> 3 as integer) as "expand_from", value ->> 4 as "combinations"
  from jsonb_each(?)) as "r"
  where true
  on conflict ("job") do update
  set "total" = excluded.total, "open" = excluded.open, "failed" = 0, "cancelled" = 0, "fail_fast" = excluded.fail_fast, "expand_from" = excluded.expand_from, "decide_from" = ?, "cancel_from" = ?, "to_do" = excluded.to_do, "combinations" = excluded.combinations;

-- insertRerun
insert into "reruns" ("run", "generation", "at_ms", "requested_by", "request_hash", "chosen", "following")
  values (cast(? as integer), cast(? as integer), cast(? as integer), ?, ?, cast(? as text), cast(? as text));

-- insertRunFigures
insert into "run_figures" ("run", "workflow", "ended_at_ms", "state", "duration_ms", "waiting_ms", "jobs") select "n"."no", "n"."workflow", n.ended_at_ms as "ended_at_ms", n.state as "state", case when n.generation = 1 and n.started_at_ms is not null then n.ended_at_ms - n.started_at_ms end as "duration_ms", case when n.generation = 1 and n.started_at_ms is not null then n.started_at_ms - n.created_at_ms end as "waiting_ms", (select json_group_array(json_array(j.id % 1048576, case when j.state = 'failure' then 1 else 0 end, j.attempt, j.started_at_ms - j.enqueued_at_ms, j.ended_at_ms - j.started_at_ms))
  from jobs as j
  where j.id >= n.no * 1048576 and j.id < n.no * 1048576 + cast(? as integer) and j.state in ('success', 'failure')) as "jobs"
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  where true
  on conflict ("run") do update
  set "ended_at_ms" = excluded.ended_at_ms, "state" = excluded.state, "duration_ms" = excluded.duration_ms, "waiting_ms" = excluded.waiting_ms, "jobs" = excluded.jobs;

-- insertRuns
insert into "runs" ("id", "workflow", "version", "state", "inputs", "request_hash", "job_count", "open", "failed", "cancelled", "created_at_ms", "cancel_forced", "activate_from", "traceparent", "started_by", "rerun_of", "name", "trigger", "schedule", "scheduled_at_ms", "backfill", "vars", "timeout_ms") select "r"."id", "r"."workflow", "r"."version", "r"."state", "r"."inputs", "r"."request_hash", "r"."job_count", "r"."job_count" as "open", 0 as "failed", 0 as "cancelled", "r"."created_at_ms", 0 as "cancel_forced", "r"."activate_from", "r"."traceparent", "r"."started_by", "r"."rerun_of", "r"."name", "r"."trigger", "r"."schedule", "r"."scheduled_at_ms", "r"."backfill", "r"."vars", "r"."timeout_ms"
  from (select value ->> 0 as "id", cast(value ->> 1 as integer) as "workflow", cast(value ->> 2 as integer) as "version", value ->> 3 as "state", value ->> 4 as "inputs", value ->> 5 as "request_hash", cast(value ->> 6 as integer) as "job_count", cast(value ->> 7 as integer) as "created_at_ms", cast(value ->> 8 as integer) as "activate_from", value ->> 9 as "traceparent", value ->> 10 as "started_by", value ->> 11 as "rerun_of", value ->> 12 as "name", value ->> 13 as "trigger", value ->> 14 as "schedule", cast(value ->> 15 as integer) as "scheduled_at_ms", cast(value ->> 16 as integer) as "backfill", value ->> 17 as "vars", cast(value ->> 18 as integer) as "timeout_ms"
  from jsonb_each(?)) as "r"
  returning "no", "id";

-- insertSession
insert into "sessions" ("hash", "token", "created_at_ms", "expires_at_ms")
  values (?, ?, ?, ?);

-- insertSystemLines
insert into "log_chunks" ("job", "attempt", "sequence", "stream", "at_ms", "data") select "r"."job", "r"."attempt", coalesce((select max(c.sequence)
  from log_chunks as c
  where c.job = r.job and c.attempt = r.attempt), 0) as "sequence", case when exists (select 1
  from log_chunks as c
  where c.job = r.job and c.attempt = r.attempt) then r.stream else 0 end as "stream", "r"."at_ms", "r"."data"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "attempt", cast(value ->> 2 as integer) as "stream", cast(value ->> 3 as integer) as "at_ms", value ->> 4 as "data"
  from jsonb_each(?)) as "r"
  where true
  on conflict ("job", "attempt", "sequence", "stream") do nothing
  returning "job", "attempt", "sequence", "stream";

-- insertToken
insert into "tokens" ("id", "name", "hash", "scopes", "labels", "created_at_ms", "expires_at_ms", "revoked_at_ms", "only_labelled")
  values (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- insertVersion
insert into "versions" ("workflow", "number", "hash", "name", "trigger", "job_count", "survivor_count", "conditional_roots", "root_label_sets", "start_spec", "whole", "created_at_ms")
  values (?, (select coalesce(max(number), 0) + 1
  from versions
  where workflow = cast(? as integer)), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  returning "no", "number";

-- insertVersionEdges
insert into "version_edges" ("version", "from_ord", "to_ord") select cast(? as integer) as "version", "r"."from_ord", "r"."to_ord"
  from (select cast(value ->> 0 as integer) as "from_ord", cast(value ->> 1 as integer) as "to_ord"
  from jsonb_each(?)) as "r";

-- insertVersionJobs
insert into "version_jobs" ("version", "ord", "key", "label_set", "priority", "needs", "conditional", "spec", "children_from") select cast(? as integer) as "version", "r"."ord", "r"."key", "s"."id", "r"."priority", "r"."needs", "r"."conditional", "r"."spec", "r"."children_from"
  from (select cast(value ->> 0 as integer) as "ord", value ->> 1 as "key", value ->> 2 as "labels", cast(value ->> 3 as integer) as "priority", cast(value ->> 4 as integer) as "needs", cast(value ->> 5 as integer) as "conditional", value ->> 6 as "spec", cast(value ->> 7 as integer) as "children_from"
  from jsonb_each(?)) as "r"
  inner join "label_sets" as "s" on "s"."labels" = "r"."labels";

-- insertVersionText
insert into "version_texts" ("version", "source", "file", "format", "created_by", "bytes", "gzip")
  values (cast(? as integer), ?, ?, ?, ?, cast(? as integer), cast(? as text))
  on conflict ("version") do nothing;

-- jobById
select "id", "state", "attempt"
  from "jobs"
  where "id" = cast(? as integer);

-- jobByKey
select "j"."id", "j"."state", "j"."attempt"
  from "version_jobs" as "v"
  inner join "jobs" as "j" on "j"."id" = cast(? as integer) * 1048576 + v.ord
  where "v"."version" = cast(? as integer) and "v"."key" = cast(? as text);

-- jobFigures
select "n"."version", "f"."jobs"
  from "run_figures" as "f"
  inner join "runs" as "n" on "n"."no" = "f"."run"
  where "f"."workflow" = cast(? as integer) and "f"."ended_at_ms" >= cast(? as integer)
  order by "f"."ended_at_ms" desc
  limit cast(? as integer);

-- jobGroupsOfRun
select "j"."state", case when j.state = 'queued' then j.label_set else 0 end as "label_set", case when j.state = 'skipped' then j.conditional else 0 end as "conditional", count(*) as "jobs", min("j"."enqueued_at_ms") as "enqueued_at_ms", min("j"."started_at_ms") as "started_at_ms", min("j"."delayed_until_ms") as "first_delay_ms", max("j"."delayed_until_ms") as "last_delay_ms"
  from "jobs" as "j"
  where "j"."id" >= cast(? as integer) * 1048576 and "j"."id" < cast(? as integer) * 1048576 + 262144
  group by "j"."state", case when j.state = 'queued' then j.label_set else 0 end, case when j.state = 'skipped' then j.conditional else 0 end;

-- jobResults
select "j"."id", "j"."error", "j"."outputs"
  from (select cast(value ->> 0 as integer) as "id"
  from jsonb_each(?)) as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id";

-- jobsHeldAt
select "j"."id", "n"."id" as "run_id", "w"."id" as "workflow_id", case when j.idx is null then v.key else v.key || '.' || j.idx end as "key", "j"."places", "j"."enqueued_at_ms"
  from "jobs" as "j"
  inner join "runs" as "n" on "n"."no" = j.id / 1048576
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = coalesce(j.group_ord, j.id % 1048576)
  where "j"."gate" = cast(? as integer) and "j"."state" = 'held'
  order by "j"."priority" desc, "j"."enqueued_at_ms", "j"."id"
  limit cast(? as integer);

-- jobsOfRun
select "v"."ord", "v"."key", "v"."spec", "j"."id" as "job", "j"."state", "j"."attempt", "j"."started_at_ms", "j"."ended_at_ms", "j"."delayed_until_ms", substr(j.error, 1, 1000) as "error", octet_length("j"."error") as "error_bytes", case when octet_length(j.outputs) <= 1000 then j.outputs end as "outputs", octet_length("j"."outputs") as "outputs_bytes", "j"."label_set", "j"."priority", "j"."name", "j"."tolerated", "j"."idx", "a"."worker_id", "a"."log_gap", "a"."exit_code"
  from "version_jobs" as "v"
  inner join "jobs" as "j" on "j"."id" = cast(? as integer) * 1048576 + v.ord
  left join "attempts" as "a" on "a"."job" = "j"."id" and "a"."number" = "j"."attempt"
  where "v"."version" = cast(? as integer) and "v"."ord" >= cast(? as integer)
  order by "v"."ord"
  limit cast(? as integer);

-- jobsOfVersion
select "v"."ord", "v"."key", "v"."spec"
  from "version_jobs" as "v"
  where "v"."version" = cast(? as integer) and "v"."ord" >= cast(? as integer)
  order by "v"."ord"
  limit cast(? as integer);

-- jobsOfWorkflows
select "r"."at", "v"."ord", "v"."key", "v"."spec", "j"."id" as "job", "j"."state", "j"."attempt", "j"."started_at_ms", "j"."ended_at_ms", "j"."delayed_until_ms", substr(j.error, 1, 1000) as "error", octet_length("j"."error") as "error_bytes", case when octet_length(j.outputs) <= 1000 then j.outputs end as "outputs", octet_length("j"."outputs") as "outputs_bytes", "j"."label_set", "j"."priority", "j"."name", "j"."tolerated", "j"."idx", "a"."worker_id", "a"."log_gap", "a"."exit_code"
  from (select cast(value ->> 0 as integer) as "at", cast(value ->> 1 as integer) as "version", cast(value ->> 2 as integer) as "run"
  from jsonb_each(?)) as "r"
  inner join "version_jobs" as "v" on "v"."version" = "r"."version"
  left join "jobs" as "j" on "j"."id" = r.run * 1048576 + v.ord
  left join "attempts" as "a" on "a"."job" = "j"."id" and "a"."number" = "j"."attempt";

-- jobsToHold
select "j"."id", "j"."state", "j"."places"
  from "jobs" as "j"
  where "j"."id" >= cast(? as integer) and "j"."id" < cast(? as integer) and "j"."state" in ('queued', 'held') and coalesce(j.gate, 0) <> cast(? as integer)
  order by "j"."id"
  limit cast(? as integer) ;

-- jobsToRerun
select "j"."id", "j"."state", "j"."settled", "j"."conditional", "j"."tolerated", "j"."label_set", "j"."places", coalesce((select max(a.number)
  from attempts as a
  where a.job = j.id), -1) + 1 as "next_attempt", case when m.job is null then 0 else 1 end as "opened", case when j.state = 'open' or exists (select 1
  from attempts as a
  where a.job = j.id and a.number = j.attempt and a.ended_at_ms is null) then 1 else 0 end as "live"
  from (select cast(value ->> 0 as integer) as "id"
  from jsonb_each(?)) as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id"
  left join "matrices" as "m" on "m"."job" = "j"."id";

-- jobsToTrace
select "n"."id" as "run_id", "n"."traceparent", "j"."generation", "w"."id" as "workflow_id", case when j.idx is null then v.key else v.key || '.' || j.idx end as "key", "j"."state", "j"."error", "j"."ended_at_ms", (select min(a.claimed_at_ms)
  from attempts as a
  where a.job = r.job and a.number >= j.budget_from) as "first_claimed_at_ms", (select count(*)
  from attempts as a
  where a.job = r.job and a.number >= j.budget_from) as "attempts"
  from (select cast(value ->> 0 as integer) as "job"
  from jsonb_each(?)) as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."job"
  inner join "runs" as "n" on "n"."no" = r.job / 1048576
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = coalesce(j.group_ord, j.id % 1048576);

-- jobsWithDependants
with recursive "found"("version", "ord") as (select cast(? as integer) as "version", "r"."ord"
  from (select cast(value ->> 0 as integer) as "ord"
  from jsonb_each(?)) as "r" union select "reached"."version", "e"."to_ord" as "ord"
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
  where "j"."gate" = cast(? as integer) and "j"."gate" is not null and "j"."state" in ('queued', 'delayed', 'running')
  order by "j"."id"
  limit cast(? as integer);

-- keysOfOrdinals
select "v"."key", "v"."ord", "v"."children_from"
  from (select cast(value ->> 0 as integer) as "ord"
  from jsonb_each(?)) as "r" cross join "version_jobs" as "v"
  where "v"."version" = cast(? as integer) and "v"."ord" = "r"."ord";

-- keysOfVersions
select "v"."version", "v"."ord", "v"."key"
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r" cross join "version_jobs" as "v"
  where "v"."version" = "r"."no" and "v"."ord" < cast(? as integer)
  order by "v"."version" desc, "v"."ord";

-- labelSetsByLabels
select "s"."id", "s"."labels"
  from (select value ->> 0 as "labels"
  from jsonb_each(?)) as "r"
  inner join "label_sets" as "s" on "s"."labels" = "r"."labels";

-- labelSetsWithQueuedJobs
select "r"."id"
  from (select cast(value ->> 0 as integer) as "id"
  from jsonb_each(?)) as "r"
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
  where "id" < cast(? as text)
  order by "id" desc
  limit 1;

-- lastStdout
select "data"
  from "log_chunks"
  where "job" = cast(? as integer) and "attempt" = cast(? as integer) and "sequence" > cast(? as integer) and "sequence" <= cast(? as integer) and "stream" = 1 and "data" <> ''
  order by "sequence" desc
  limit 1;

-- leaveRunning
update "jobs"
  set "state" = "r"."state", "attempt" = "r"."attempt", "ended_at_ms" = "r"."ended_at_ms", "enqueued_at_ms" = coalesce(r.enqueued_at_ms, jobs.enqueued_at_ms), "delayed_until_ms" = "r"."delayed_until_ms", "error" = "r"."error", "outputs" = "r"."outputs", "tolerated" = "r"."tolerated", "due_at_ms" = case when r.attempt = jobs.attempt then jobs.due_at_ms else r.enqueued_at_ms + jobs.queue_timeout_ms end
  from (select cast(value ->> 0 as integer) as "id", value ->> 1 as "state", cast(value ->> 2 as integer) as "attempt", cast(value ->> 3 as integer) as "ended_at_ms", cast(value ->> 4 as integer) as "enqueued_at_ms", cast(value ->> 5 as integer) as "delayed_until_ms", value ->> 6 as "error", value ->> 7 as "outputs", cast(value ->> 8 as integer) as "tolerated"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id" and +"jobs"."state" = 'running'
  returning "jobs"."id", "jobs"."state", "jobs"."label_set", "jobs"."places", "jobs"."due_at_ms";

-- leaveWaiting
update "jobs"
  set "state" = "r"."state", "enqueued_at_ms" = "r"."enqueued_at_ms", "ended_at_ms" = "r"."ended_at_ms"
  from (select cast(value ->> 0 as integer) as "id", value ->> 1 as "state", cast(value ->> 2 as integer) as "enqueued_at_ms", cast(value ->> 3 as integer) as "ended_at_ms"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id" and +"jobs"."state" = 'waiting'
  returning "jobs"."id";

-- listWorkers
select *, (select t.name
  from tokens as t
  where t.id = workers.drained_by) as "drained_by_name"
  from "workers"
  order by "registered_at_ms" desc, "id"
  limit cast(? as integer) offset cast(? as integer);

-- listWorkflows
select "w"."id", "w"."no" as "workflow", "v"."no" as "version", "v"."number", "v"."name", "v"."trigger", "w"."newest_run", coalesce(n.job_count, v.job_count) as "jobs"
  from "workflows" as "w"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  left join "runs" as "n" on "n"."no" = "w"."newest_run"
  where "w"."removed_at_ms" is null and (cast(? as integer) = 1 or ("w"."newest_run" is null and cast(? as integer) = 1) or exists (select "j"."id"
  from "jobs" as "j"
  where "j"."id" >= w.newest_run * 1048576 and "j"."id" < (w.newest_run + 1) * 1048576 and "j"."state" in (select value
  from json_each(?))))
  order by "w"."id"
  limit cast(? as integer) offset cast(? as integer);

-- liveAttemptOfJobs
select "job"
  from "attempts"
  where "job" >= cast(? as integer) and "job" < cast(? as integer) and +"outcome" is null
  limit 1;

-- liveAttempts
select "a"."worker_id", "a"."job", "a"."number", case when j.idx is null then v.key else v.key || '.' || j.idx end as "key", "n"."id" as "run_id"
  from "attempts" as "a"
  inner join "runs" as "n" on "n"."no" = a.job / 1048576
  inner join "jobs" as "j" on "j"."id" = "a"."job"
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = coalesce(j.group_ord, j.id % 1048576)
  where "a"."outcome" is null
  order by "a"."deadline_ms"
  limit cast(? as integer);

-- liveAttemptsOfWorker
select case when j.idx is null then v.key else v.key || '.' || j.idx end as "key", "n"."id" as "run_id", "w"."id" as "workflow_id", "s"."name" as "workflow_name", "a"."number", "a"."claimed_at_ms", "a"."expires_at_ms"
  from "attempts" as "a"
  inner join "runs" as "n" on "n"."no" = a.job / 1048576
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "s" on "s"."no" = "n"."version"
  inner join "jobs" as "j" on "j"."id" = "a"."job"
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = coalesce(j.group_ord, j.id % 1048576)
  where "a"."outcome" is null and "a"."worker_id" = cast(? as text)
  order by "a"."claimed_at_ms", "a"."job"
  limit cast(? as integer);

-- liveRunsOfBackfill
select count(*) as "count"
  from "runs" as "n"
  where "n"."backfill" = cast(? as integer) and "n"."backfill" is not null and "n"."ended_at_ms" is null;

-- liveRunsOfSchedules
select "r"."workflow", "r"."schedule", (select n.id
  from runs as n
  where n.workflow = r.workflow and n.schedule = r.schedule and n.schedule is not null and n.ended_at_ms is null and n.backfill is null
  limit 1) as "id"
  from (select cast(value ->> 0 as integer) as "workflow", value ->> 1 as "schedule"
  from jsonb_each(?)) as "r";

-- liveSessions
select *
  from "sessions"
  where "expires_at_ms" > cast(? as integer);

-- lockGates
select "g"."no", "g"."key", "g"."in_use"
  from (select cast(value ->> 0 as integer) as "gate"
  from jsonb_each(?)) as "r"
  inner join "gates" as "g" on "g"."no" = "r"."gate"
  order by "g"."no" ;

-- lockJobs
select "j"."id"
  from (select cast(value ->> 0 as integer) as "id"
  from jsonb_each(?)) as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id"
  order by "j"."id" ;

-- lockMatrixToExpand
select "m"."total", "m"."cancel_from", "m"."combinations"
  from "matrices" as "m"
  where "m"."job" = cast(? as integer) and "m"."expand_from" = cast(? as integer) ;

-- lockRequests
select "r"."request_hash"
  from (select value ->> 0 as "request_hash"
  from jsonb_each(?)) as "r"
  where 1 = 1;

-- lockRequestsUnlessTaken
select "r"."request_hash"
  from (select value ->> 0 as "request_hash"
  from jsonb_each(?)) as "r"
  where 1 = 1;

-- lockRuns
select "n"."no"
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  order by "n"."no" ;

-- lockRunsBeingMade
select "n"."no"
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  where +"n"."state" = 'creating' ;

-- lockSchedulesOfWorkflow
select "s"."id"
  from "schedules" as "s"
  inner join "workflows" as "w" on "w"."no" = "s"."workflow"
  where "w"."id" = cast(? as text)
  order by "s"."id" ;

-- lockVersionBeingMade
select "no"
  from "versions"
  where "no" = cast(? as integer) and "whole" = 0 ;

-- lockWorkers
insert into "workers" ("id", "labels", "slots", "version", "registered_at_ms", "seen_at_ms", "only_labelled") select "r"."id", '[]' as "labels", 1 as "slots", '' as "version", cast(? as integer) as "registered_at_ms", cast(? as integer) as "seen_at_ms", 0 as "only_labelled"
  from (select value ->> 0 as "id"
  from jsonb_each(?)) as "r"
  where true
  order by "r"."id"
  on conflict ("id") do update
  set "seen_at_ms" = workers.seen_at_ms;

-- lockWorkflowOfVariables
select "w"."no"
  from "workflows" as "w"
  where "w"."id" = cast(? as text) ;

-- logLineCounts
select "sequence", "stream", octet_length(data) as "bytes", octet_length(data) - octet_length(replace(data, ' ', '')) as "line_feeds", case when data = '' or substr(data, length(data), 1) = ' ' then 0 else 1 end as "goes_on"
  from "log_chunks"
  where "job" = cast(? as integer) and "attempt" = cast(? as integer) and (sequence, stream) > (cast(? as integer), cast(? as integer))
  order by "sequence", "stream"
  limit cast(? as integer);

-- logPage
select "c"."attempt", "c"."sequence", "c"."stream", "c"."at_ms", "c"."data", "a"."log_gap", "places"."before"
  from (select "lengths"."job", "lengths"."attempt", "lengths"."sequence", "lengths"."stream", sum(bytes) over (order by attempt, sequence, stream rows unbounded preceding) - bytes as "before"
  from (select "job", "attempt", "sequence", "stream", octet_length(data) as "bytes"
  from "log_chunks"
  where "job" = cast(? as integer) and (attempt, sequence, stream) > (cast(? as integer), cast(? as integer), cast(? as integer)) and "attempt" <= cast(? as integer)
  order by "attempt", "sequence", "stream"
  limit cast(? as integer)) as "lengths") as "places"
  inner join "log_chunks" as "c" on "c"."job" = "places"."job" and "c"."attempt" = "places"."attempt" and "c"."sequence" = "places"."sequence" and "c"."stream" = "places"."stream"
  left join "attempts" as "a" on "a"."job" = "c"."job" and "a"."number" = "c"."attempt"
  where "places"."before" < cast(? as integer)
  order by "c"."attempt", "c"."sequence", "c"."stream";

-- logPageBefore
select "c"."attempt", "c"."sequence", "c"."stream", "c"."at_ms", "c"."data", "a"."log_gap", "places"."before"
  from (select "lengths"."job", "lengths"."attempt", "lengths"."sequence", "lengths"."stream", sum(bytes) over (order by attempt desc, sequence desc, stream desc rows unbounded preceding) - bytes as "before"
  from (select "job", "attempt", "sequence", "stream", octet_length(data) as "bytes"
  from "log_chunks"
  where "job" = cast(? as integer) and (attempt, sequence, stream) < (cast(? as integer), cast(? as integer), cast(? as integer)) and "attempt" >= cast(? as integer)
  order by "attempt" desc, "sequence" desc, "stream" desc
  limit cast(? as integer)) as "lengths") as "places"
  inner join "log_chunks" as "c" on "c"."job" = "places"."job" and "c"."attempt" = "places"."attempt" and "c"."sequence" = "places"."sequence" and "c"."stream" = "places"."stream"
  left join "attempts" as "a" on "a"."job" = "c"."job" and "a"."number" = "c"."attempt"
  where "places"."before" < cast(? as integer)
  order by "c"."attempt" desc, "c"."sequence" desc, "c"."stream" desc;

-- logSizes
select "sequence", "stream", octet_length(data) as "bytes"
  from "log_chunks"
  where "job" = cast(? as integer) and "attempt" = cast(? as integer) and (sequence, stream) > (cast(? as integer), cast(? as integer))
  order by "sequence", "stream"
  limit cast(? as integer);

-- lowerOpenNeeds
update "jobs"
  set "pending" = jobs.pending - c.ended, "bad" = jobs.bad + c.bad, "settled" = case when jobs.pending = c.ended then 1 else jobs.settled end
  from (select r.run * 1048576 + e.to_ord as "id", count(*) as "ended", cast(sum(r.bad) as bigint) as "bad"
  from (select cast(value ->> 0 as integer) as "run", cast(value ->> 1 as integer) as "version", cast(value ->> 2 as integer) as "ord", cast(value ->> 3 as integer) as "bad"
  from jsonb_each(?)) as "r"
  inner join "version_edges" as "e" on "e"."version" = "r"."version" and "e"."from_ord" = "r"."ord"
  group by 1
  order by 1) as "c"
  where "jobs"."id" = "c"."id" and (+"jobs"."state" = 'waiting' or ("jobs"."settled" = 2 and "jobs"."pending" > 0))
  returning "jobs"."id", "jobs"."state", "jobs"."pending", "jobs"."bad", "jobs"."conditional", "jobs"."label_set";

-- markBeingDeleted
update "runs"
  set "logs_pruned" = ?
  where "no" = cast(? as integer) and +"ended_at_ms" is not null
  returning "no";

-- markLogsPruned
update "runs"
  set "logs_pruned" = ?
  where "no" = cast(? as integer) and +"ended_at_ms" is not null
  returning "no";

-- markReceived
update "attempts"
  set "received" = 1, "deadline_ms" = case when coalesce(stop_by_ms, timeout_at_ms) is null or coalesce(stop_by_ms, timeout_at_ms) > expires_at_ms then expires_at_ms else coalesce(stop_by_ms, timeout_at_ms) end
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number", value ->> 2 as "lease_hash"
  from jsonb_each(?)) as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number" and "attempts"."lease_hash" = "r"."lease_hash" and +"attempts"."outcome" is null and "attempts"."received" = 0;

-- markSettled
update "jobs"
  set "settled" = "r"."settled"
  from (select cast(value ->> 0 as integer) as "id", cast(value ->> 1 as integer) as "settled"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id";

-- matricesInRange
select "job", "total", "open", "failed", "cancelled"
  from "matrices"
  where "job" >= cast(? as integer) and "job" < cast(? as integer)
  order by "job";

-- matricesOfJobs
select "m"."job", "m"."total", "m"."open", "m"."failed", "m"."cancelled"
  from (select cast(value ->> 0 as integer) as "id"
  from jsonb_each(?)) as "r"
  inner join "matrices" as "m" on "m"."job" = "r"."id";

-- matricesToDo
select "m"."job", "m"."total", "m"."open", "m"."failed", "m"."cancelled", "m"."expand_from", "m"."decide_from", "m"."cancel_from", "j"."state", "j"."conditional", "j"."generation", "n"."no" as "run", "n"."version"
  from "matrices" as "m"
  left join "jobs" as "j" on "j"."id" = "m"."job"
  left join "runs" as "n" on "n"."no" = m.job / 1048576
  where "m"."to_do" = 1 and ("n"."held" = 0 or "n"."cancel_requested_at_ms" is not null) and "n"."rerun_from" is null
  order by "m"."job"
  limit cast(? as integer);

-- needsOfJob
select "j"."id", "v"."key", "j"."state", "j"."settled", "j"."tolerated"
  from "version_edges" as "e"
  inner join "jobs" as "j" on "j"."id" = cast(? as integer) * 1048576 + e.from_ord
  inner join "version_jobs" as "v" on "v"."version" = "e"."version" and "v"."ord" = "e"."from_ord"
  where "e"."version" = cast(? as integer) and "e"."to_ord" = cast(? as integer)
  order by "e"."from_ord";

-- needsOfJobs
select "r"."job", "j"."id" as "need", "v"."key", "j"."state", "j"."tolerated", "m"."total" as "count", "m"."failed"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "run", cast(value ->> 2 as integer) as "version", cast(value ->> 3 as integer) as "ord"
  from jsonb_each(?)) as "r"
  inner join "version_edges" as "e" on "e"."version" = "r"."version" and "e"."to_ord" = "r"."ord"
  inner join "jobs" as "j" on "j"."id" = r.run * 1048576 + e.from_ord
  inner join "version_jobs" as "v" on "v"."version" = "e"."version" and "v"."ord" = "e"."from_ord"
  left join "matrices" as "m" on "m"."job" = "j"."id";

-- needsOfOrdinals
select "r"."ord", "e"."from_ord" as "need"
  from (select cast(value ->> 0 as integer) as "ord"
  from jsonb_each(?)) as "r" cross join "version_edges" as "e"
  where "e"."version" = cast(? as integer) and "e"."to_ord" = "r"."ord";

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
  where "w"."id" = cast(? as text);

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
  values ('doctor_found', ?)
  on conflict ("key") do update
  set "value" = excluded.value;

-- noteRefusedByGroup
update "backfills"
  set "started" = started - 1, "refused" = refused + 1, "last_error" = cast(? as text)
  where "no" = cast(? as integer);

-- noteSlotOutcomes
update "schedules"
  set "last_slot_ms" = r.slot_ms, "last_outcome" = r.outcome, "last_run" = r.run, "last_error" = r.error
  from (select cast(value ->> 0 as integer) as "workflow", value ->> 1 as "id", cast(value ->> 2 as integer) as "slot_ms", value ->> 3 as "outcome", value ->> 4 as "run", value ->> 5 as "error"
  from jsonb_each(?)) as "r"
  where "schedules"."workflow" = "r"."workflow" and "schedules"."id" = "r"."id";

-- noteTokenUse
update "tokens"
  set "last_used_at_ms" = max(coalesce(tokens.last_used_at_ms, 0), r.at_ms)
  from (select value ->> 0 as "id", cast(value ->> 1 as integer) as "at_ms"
  from jsonb_each(?)) as "r"
  where "tokens"."id" = "r"."id";

-- noteWorkers
insert into "workers" ("id", "labels", "slots", "version", "registered_at_ms", "seen_at_ms", "only_labelled", "credential") select "r"."id", "r"."labels", "r"."slots", "r"."version", "r"."registered_at_ms", "r"."seen_at_ms", "r"."only_labelled", "r"."credential"
  from (select value ->> 0 as "id", value ->> 1 as "labels", cast(value ->> 2 as integer) as "slots", value ->> 3 as "version", cast(value ->> 4 as integer) as "registered_at_ms", cast(value ->> 5 as integer) as "seen_at_ms", cast(value ->> 6 as integer) as "only_labelled", value ->> 7 as "credential"
  from jsonb_each(?)) as "r"
  where true
  order by "r"."id"
  on conflict ("id") do update
  set "seen_at_ms" = max(workers.seen_at_ms, excluded.seen_at_ms), "credential" = coalesce(workers.credential, excluded.credential)
  returning "id", "credential";

-- noteWritable
insert into "meta" ("key", "value")
  values ('written_to_see_at', cast(cast(? as integer) as text))
  on conflict ("key") do update
  set "value" = excluded.value;

-- oldestAudit
select "no", "at_ms"
  from "audit"
  where "no" > 0
  order by "no"
  limit cast(? as integer);

-- oldestEndedRuns
select "n"."no", "n"."id", "n"."workflow", "n"."version", case when w.newest_run = n.no then 1 else 0 end as "is_newest"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  where "n"."ended_at_ms" is not null and "n"."ended_at_ms" < cast(? as integer) and ("w"."newest_run" is null or "w"."newest_run" <> "n"."no" or ("w"."removed_at_ms" is not null and "w"."source" = 'api'))
  order by "n"."ended_at_ms"
  limit cast(? as integer);

-- oldestEndedRunsWithLogs
select "n"."no", "n"."id", "n"."workflow", "n"."version", 0 as "is_newest"
  from "runs" as "n"
  where "n"."ended_at_ms" is not null and "n"."logs_pruned" = 0 and "n"."ended_at_ms" < cast(? as integer)
  order by "n"."ended_at_ms"
  limit cast(? as integer);

-- openNodes
update "jobs"
  set "state" = 'open', "started_at_ms" = ?
  from (select cast(value ->> 0 as integer) as "id"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id" and +"jobs"."state" = 'waiting'
  returning "jobs"."id";

-- orderOfHeldJobs
select "j"."id"
  from "jobs" as "j"
  where "j"."gate" = cast(? as integer) and "j"."state" = 'held'
  order by "j"."gate", "j"."priority" desc, "j"."enqueued_at_ms", "j"."id"
  limit cast(? as integer);

-- ordinalOfKey
select "v"."ord"
  from "version_jobs" as "v"
  where "v"."version" = cast(? as integer) and "v"."key" = cast(? as text);

-- ordinalsOfKeys
select "v"."key", "v"."ord"
  from (select value ->> 0 as "key"
  from jsonb_each(?)) as "r" cross join "version_jobs" as "v"
  where "v"."version" = cast(? as integer) and "v"."key" = "r"."key";

-- otherOwners
select "r"."id", "r"."credential", w.credential as "owner", "o"."name", "o"."expires_at_ms", "o"."revoked_at_ms", "c"."name" as "caller_name"
  from (select value ->> 0 as "id", value ->> 1 as "credential"
  from jsonb_each(?)) as "r"
  inner join "workers" as "w" on "w"."id" = "r"."id"
  left join "tokens" as "o" on "o"."id" = "w"."credential"
  left join "tokens" as "c" on "c"."id" = "r"."credential"
  where "w"."credential" <> "r"."credential";

-- outputsOfChildren
select "id", "outputs"
  from "jobs"
  where "id" >= cast(? as integer) and "id" < cast(? as integer)
  order by "id";

-- outputsOfJobs
select "j"."id", "j"."outputs"
  from (select cast(value ->> 0 as integer) as "id"
  from jsonb_each(?)) as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id"
  where "j"."outputs" is not null;

-- overdueAttempts
select "a"."job", "a"."number", "a"."worker_id", "a"."credential", "a"."lease_hash", "a"."request_hash", "a"."ttl_ms", "a"."claimed_at_ms", "a"."expires_at_ms", "a"."timeout_at_ms", "a"."deadline_ms", "a"."outcome", "a"."ended_at_ms", "a"."report_digest", "a"."error", "a"."log_bytes", "a"."log_padding", "a"."log_gap", "a"."has_output_lines", "a"."received", "a"."stop_reason", "a"."stop_by_ms", "j"."state" as "job_state", "j"."attempt" as "job_attempt", "j"."settled" as "job_settled", "j"."budget_from" as "job_budget_from"
  from "attempts" as "a"
  inner join "jobs" as "j" on "j"."id" = "a"."job"
  where "a"."outcome" is null and "a"."deadline_ms" <= cast(? as integer)
  order by "a"."deadline_ms"
  limit cast(? as integer) ;

-- overdueInQueue
select "j"."id", "j"."state", "j"."attempt", "j"."queue_timeout_ms"
  from "jobs" as "j"
  where "j"."due_at_ms" is not null and "j"."state" in ('queued', 'held') and "j"."due_at_ms" <= cast(? as integer)
  order by "j"."due_at_ms"
  limit cast(? as integer) ;

-- overdueRuns
select "n"."no"
  from "runs" as "n"
  where "n"."deadline_ms" is not null and "n"."deadline_ms" <= cast(? as integer) and "n"."ended_at_ms" is null
  order by "n"."deadline_ms"
  limit cast(? as integer) ;

-- pauseSchedule
update "schedules"
  set "paused_at_ms" = ?, "paused_by" = ?, "pause_reason" = ?, "next_slot_ms" = ?, "due_at_ms" = ?
  where "workflow" = cast(? as integer) and "id" = cast(? as text) and "paused_at_ms" is null
  returning "id";

-- placeAtGate
select "g"."no", "g"."key", "g"."in_use", coalesce(n.gate_max, 1) as "max", coalesce(n.gate_since_ms, n.created_at_ms) as "since_ms", (select count(*) as "count"
  from "runs" as "b"
  where "b"."gate" = "n"."gate" and "b"."held" = 1 and (b.gate_since_ms, b.no) < (n.gate_since_ms, n.no)) as "before"
  from "runs" as "n"
  inner join "gates" as "g" on "g"."no" = "n"."gate"
  where "n"."no" = cast(? as integer) and "n"."held" = 1;

-- putPause
insert into "pauses" ("kind", "subject", "target", "gate", "reason", "paused_at_ms", "paused_by")
  values (cast(? as text), cast(? as text), ?, ?, cast(? as text), cast(? as integer), ?)
  on conflict ("kind", "subject") do nothing
  returning "kind";

-- putSchedules
insert into "schedules" ("workflow", "id", "spec", "next_slot_ms", "due_at_ms") select "r"."workflow", "r"."id", "r"."spec", "r"."next_slot_ms", "r"."due_at_ms"
  from (select cast(value ->> 0 as integer) as "workflow", value ->> 1 as "id", value ->> 2 as "spec", cast(value ->> 3 as integer) as "next_slot_ms", cast(value ->> 4 as integer) as "due_at_ms"
  from jsonb_each(?)) as "r"
  where true
  on conflict ("workflow", "id") do update
  set "spec" = excluded.spec, "next_slot_ms" = excluded.next_slot_ms, "due_at_ms" = excluded.due_at_ms;

-- putVariable
insert into "variables" ("workflow", "name", "value", "changed_at_ms", "changed_by")
  values (cast(? as integer), cast(? as text), cast(? as text), cast(? as integer), ?)
  on conflict ("workflow", "name") do update
  set "value" = excluded.value, "changed_at_ms" = excluded.changed_at_ms, "changed_by" = excluded.changed_by
  where variables.value <> excluded.value
  returning "name";

-- queueDueJobs
update "jobs"
  set "state" = 'queued', "enqueued_at_ms" = cast(? as integer), "due_at_ms" = cast(? as integer) + queue_timeout_ms
  where "id" in (select "d"."id"
  from "jobs" as "d"
  where "d"."state" = 'delayed' and "d"."delayed_until_ms" <= cast(? as integer)
  order by "d"."delayed_until_ms"
  limit cast(? as integer) )
  returning "id", "label_set", "attempt", "due_at_ms";

-- queuedJobs
select case when j.idx is null then v.key else v.key || '.' || j.idx end as "key", "n"."id" as "run_id", "w"."id" as "workflow_id", "s"."name" as "workflow_name", "j"."priority", "j"."enqueued_at_ms"
  from "jobs" as "j"
  inner join "runs" as "n" on "n"."no" = j.id / 1048576
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "s" on "s"."no" = "n"."version"
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = coalesce(j.group_ord, j.id % 1048576)
  where "j"."label_set" = cast(? as integer) and "j"."state" = 'queued'
  order by "j"."priority" desc, "j"."enqueued_at_ms", "j"."id"
  limit cast(? as integer);

-- recentRuns
select "n"."no", "n"."id", "n"."workflow", "n"."state", "n"."created_at_ms", "n"."started_at_ms", "n"."ended_at_ms"
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  inner join "runs" as "n" on "n"."workflow" = "r"."no" and "n"."no" >= coalesce((select "f"."no"
  from "runs" as "f"
  where "f"."workflow" = "r"."no"
  order by "f"."no" desc
  limit 1 offset cast(? as integer)), 0)
  where "n"."state" != 'creating';

-- registerWorkers
insert into "workers" ("id", "labels", "slots", "version", "registered_at_ms", "seen_at_ms", "only_labelled", "credential") select "r"."id", "r"."labels", "r"."slots", "r"."version", "r"."registered_at_ms", "r"."seen_at_ms", "r"."only_labelled", "r"."credential"
  from (select value ->> 0 as "id", value ->> 1 as "labels", cast(value ->> 2 as integer) as "slots", value ->> 3 as "version", cast(value ->> 4 as integer) as "registered_at_ms", cast(value ->> 5 as integer) as "seen_at_ms", cast(value ->> 6 as integer) as "only_labelled", value ->> 7 as "credential"
  from jsonb_each(?)) as "r"
  where true
  order by "r"."id"
  on conflict ("id") do update
  set "labels" = excluded.labels, "slots" = excluded.slots, "version" = excluded.version, "registered_at_ms" = excluded.registered_at_ms, "seen_at_ms" = excluded.seen_at_ms, "only_labelled" = excluded.only_labelled, "credential" = coalesce(excluded.credential, workers.credential);

-- releasePausedJobs
update "jobs"
  set "state" = 'waiting', "gate" = ?, "places" = ?
  where "id" in (select "j"."id"
  from "jobs" as "j"
  where "j"."gate" = cast(? as integer) and "j"."state" = 'held'
  order by "j"."gate", "j"."priority" desc, "j"."enqueued_at_ms", "j"."id"
  limit cast(? as integer) )
  returning "id", "bad", "conditional", "label_set";

-- releasePausedRuns
update "runs"
  set "held" = 0, "gate" = ?, "gate_max" = ?, "gate_since_ms" = ?, "gate_cancels" = 0, "activate_from" = 0, "deadline_ms" = cast(? as integer) + runs.timeout_ms
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  where "runs"."no" = "r"."no"
  returning "runs"."no", "runs"."version", "runs"."job_count", "runs"."generation", "runs"."deadline_ms";

-- removedWorkflows
select "w"."no", "w"."current_version"
  from "workflows" as "w"
  where "w"."removed_at_ms" is not null and "w"."removed_at_ms" < cast(? as integer) and "w"."source" = 'api' and not exists (select "n"."no"
  from "runs" as "n"
  where "n"."workflow" = "w"."no")
  order by "w"."removed_at_ms"
  limit cast(? as integer);

-- renewLeases
update "attempts"
  set "expires_at_ms" = "r"."expires_at_ms", "deadline_ms" = "r"."deadline_ms", "received" = 1
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number", cast(value ->> 2 as integer) as "expires_at_ms", cast(value ->> 3 as integer) as "deadline_ms"
  from jsonb_each(?)) as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number";

-- reopenMatrices
update "matrices"
  set "open" = matrices.open + r.reset, "failed" = matrices.failed - r.failed, "cancelled" = matrices.cancelled - r.cancelled, "decide_from" = 0, "cancel_from" = ?, "to_do" = 1
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "reset", cast(value ->> 2 as integer) as "failed", cast(value ->> 3 as integer) as "cancelled"
  from jsonb_each(?)) as "r"
  where "matrices"."job" = "r"."job";

-- reopenNodes
update "jobs"
  set "state" = 'open', "ended_at_ms" = ?, "error" = ?, "outputs" = ?, "tolerated" = 0, "settled" = 1, "generation" = cast(? as integer)
  from (select cast(value ->> 0 as integer) as "id"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id"
  returning "jobs"."id";

-- reopenRun
update "runs"
  set "open" = open + cast(? as integer), "failed" = failed - cast(? as integer), "cancelled" = cancelled - cast(? as integer), "state" = case when ended_at_ms is null then state when started_at_ms is null then 'queued' else 'running' end, "cancel_requested_at_ms" = case when ended_at_ms is null then cancel_requested_at_ms end, "cancel_forced" = case when ended_at_ms is null then cancel_forced else 0 end, "held" = case when ended_at_ms is not null and gate is not null then 1 else held end, "gate_since_ms" = case when ended_at_ms is null then gate_since_ms else cast(? as integer) end, "timed_out" = case when ended_at_ms is null then timed_out else 0 end, "deadline_ms" = case when started_at_ms is null or held = 1 or (ended_at_ms is not null and gate is not null) then null else cast(? as integer) + timeout_ms end, "ended_at_ms" = ?, "has_figures" = 0, "logs_pruned" = 0, "generation" = cast(? as integer), "rerun_from" = ?, "activate_from" = ?
  where "no" = cast(? as integer)
  returning "no", "deadline_ms";

-- replaceOwners
update "workers"
  set "credential" = coalesce(r.credential, workers.credential)
  from (select value ->> 0 as "id", value ->> 1 as "credential"
  from jsonb_each(?)) as "r"
  where "workers"."id" = "r"."id";

-- requestCancel
update "runs"
  set "cancel_requested_at_ms" = coalesce(cancel_requested_at_ms, cast(? as integer)), "cancel_forced" = max(cancel_forced, cast(? as integer)), "cancel_from" = 0, "cancel_request_hash" = case when cancel_requested_at_ms is null then coalesce(cast(? as text), cancel_request_hash) else coalesce(cancel_request_hash, cast(? as text)) end, "deadline_ms" = case when cast(? as integer) = 1 or deadline_ms is null then null else max(deadline_ms, cast(? as integer) + 600000) end
  where "no" = cast(? as integer) and "ended_at_ms" is null and ("cancel_requested_at_ms" is null or ("cancel_forced" = 0 and cast(? as integer) = 1))
  returning "no";

-- rerunByRequest
select "run", "generation", "at_ms", "requested_by", "chosen", "following"
  from "reruns"
  where "request_hash" = cast(? as text) and "request_hash" is not null;

-- rerunOfGeneration
select "run", "generation", "at_ms", "requested_by", "chosen", "following"
  from "reruns"
  where "run" = cast(? as integer) and "generation" = cast(? as integer);

-- resetJobs
update "jobs"
  set "state" = 'waiting', "pending" = "r"."pending", "bad" = "r"."bad", "attempt" = "r"."attempt", "budget_from" = "r"."attempt", "generation" = "r"."generation", "enqueued_at_ms" = ?, "delayed_until_ms" = ?, "started_at_ms" = ?, "ended_at_ms" = ?, "error" = ?, "outputs" = ?, "settled" = 1, "tolerated" = 0, "gate" = ?, "places" = ?
  from (select cast(value ->> 0 as integer) as "id", cast(value ->> 1 as integer) as "pending", cast(value ->> 2 as integer) as "bad", cast(value ->> 3 as integer) as "attempt", cast(value ->> 4 as integer) as "generation"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id" and +"jobs"."state" != 'running'
  returning "jobs"."id";

-- resumeSchedule
update "schedules"
  set "paused_at_ms" = ?, "paused_by" = ?, "pause_reason" = ?, "next_slot_ms" = ?, "due_at_ms" = ?
  where "workflow" = cast(? as integer) and "id" = cast(? as text) and "paused_at_ms" is not null
  returning "id";

-- revokeToken
update "tokens"
  set "revoked_at_ms" = ?
  where ("id" = cast(? as text) or "name" = cast(? as text)) and "revoked_at_ms" is null
  returning "id", "name";

-- runByCancelRequest
select "n"."no", "n"."id", "n"."workflow", "w"."id" as "workflow_id", "n"."version", "n"."state", "n"."inputs", "n"."job_count", "v"."survivor_count", "n"."cancel_requested_at_ms", "n"."cancel_forced", "n"."activate_from", "n"."cancel_from", "n"."rerun_from", "n"."gate", "n"."held", "n"."generation", "n"."logs_pruned", "n"."created_at_ms", "n"."traceparent", coalesce(n.name, v.name) as "name", "n"."trigger", "n"."schedule", "n"."backfill", "n"."scheduled_at_ms", "n"."vars"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version"
  where "n"."cancel_request_hash" = cast(? as text) and "n"."cancel_request_hash" is not null;

-- runById
select "n"."no", "n"."id", "n"."workflow", "w"."id" as "workflow_id", "n"."version", "n"."state", "n"."inputs", "n"."job_count", "v"."survivor_count", "n"."cancel_requested_at_ms", "n"."cancel_forced", "n"."activate_from", "n"."cancel_from", "n"."rerun_from", "n"."gate", "n"."held", "n"."generation", "n"."logs_pruned", "n"."created_at_ms", "n"."traceparent", coalesce(n.name, v.name) as "name", "n"."trigger", "n"."schedule", "n"."backfill", "n"."scheduled_at_ms", "n"."vars"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version"
  where "n"."id" = cast(? as text);

-- runContexts
select "n"."no", "n"."generation", (select t.name
  from tokens as t
  where t.id = n.started_by) as "started_by"
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no";

-- runJobs
select "j"."id", "j"."state", "j"."attempt", "j"."enqueued_at_ms", "j"."started_at_ms", "j"."ended_at_ms", "j"."tolerated", case when j.error is null then 0 else 1 end as "has_error", "a"."worker_id"
  from "jobs" as "j"
  left join "attempts" as "a" on "a"."job" = "j"."id" and "a"."number" = "j"."attempt"
  where "j"."id" >= cast(? as integer) and "j"."id" < cast(? as integer) and (cast(? as integer) = 1 or "j"."state" in (select value
  from json_each(?)))
  order by "j"."id"
  limit cast(? as integer);

-- runNumbers
select "n"."no"
  from "runs" as "n"
  where ("n"."no" < cast(? as integer) and "n"."no" >= cast(? as integer) and "n"."created_at_ms" >= cast(? as integer) and "n"."created_at_ms" < cast(? as integer) and "n"."state" != 'creating' and (cast(? as integer) = 1 or "n"."state" in (select value
  from json_each(?))) and (cast(? as integer) = 1 or "n"."started_by" in (select value
  from json_each(?))))
  order by "n"."no" desc
  limit cast(? as integer);

-- runNumbersByIdPrefix
select "n"."no"
  from "runs" as "n"
  where "n"."id" >= cast(? as text) and "n"."id" < cast(? as text) and ("n"."no" < cast(? as integer) and "n"."no" >= cast(? as integer) and "n"."created_at_ms" >= cast(? as integer) and "n"."created_at_ms" < cast(? as integer) and "n"."state" != 'creating' and (cast(? as integer) = 1 or "n"."state" in (select value
  from json_each(?))) and (cast(? as integer) = 1 or "n"."started_by" in (select value
  from json_each(?))))
  order by "n"."no" desc
  limit cast(? as integer);

-- runNumbersInState
select "n"."no"
  from "runs" as "n"
  where "n"."state" = cast(? as text) and ("n"."no" < cast(? as integer) and "n"."no" >= cast(? as integer) and "n"."created_at_ms" >= cast(? as integer) and "n"."created_at_ms" < cast(? as integer) and "n"."state" != 'creating' and (cast(? as integer) = 1 or "n"."state" in (select value
  from json_each(?))) and (cast(? as integer) = 1 or "n"."started_by" in (select value
  from json_each(?))))
  order by "n"."no" desc
  limit cast(? as integer);

-- runNumbersOfWorkflow
select "n"."no"
  from "runs" as "n"
  where "n"."workflow" = cast(? as integer) and ("n"."no" < cast(? as integer) and "n"."no" >= cast(? as integer) and "n"."created_at_ms" >= cast(? as integer) and "n"."created_at_ms" < cast(? as integer) and "n"."state" != 'creating' and (cast(? as integer) = 1 or "n"."state" in (select value
  from json_each(?))) and (cast(? as integer) = 1 or "n"."started_by" in (select value
  from json_each(?))))
  order by "n"."no" desc
  limit cast(? as integer);

-- runViews
select "n"."no", "n"."id", "n"."state", "n"."inputs", "n"."job_count", "n"."open", "n"."created_at_ms", "n"."started_at_ms", "n"."ended_at_ms", "n"."version", "n"."generation", "n"."rerun_of", "n"."held", (select g.key
  from gates as g
  where g.no = n.gate) as "gate_key", "n"."name" as "run_name", "n"."trigger" as "run_trigger", "n"."schedule", "n"."scheduled_at_ms", "n"."timed_out", "w"."id" as "workflow_id", "v"."name", "v"."trigger", "v"."number", (select t.name
  from tokens as t
  where t.id = n.started_by) as "started_by"
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version";

-- runsAfterPause
select "n"."no", "v"."start_spec"
  from "runs" as "n"
  inner join "versions" as "v" on "v"."no" = "n"."version"
  where "n"."gate" = cast(? as integer) and "n"."held" = 1 and "n"."cancel_requested_at_ms" is null and "n"."rerun_from" is null
  order by "n"."gate", "n"."gate_since_ms", "n"."no"
  limit cast(? as integer) ;

-- runsByIdPrefix
select "n"."id", "w"."id" as "workflow_id", "n"."state"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  where "n"."id" >= cast(? as text) and "n"."id" < cast(? as text) and "n"."state" != 'creating'
  order by "n"."id"
  limit cast(? as integer);

-- runsByNumber
select "n"."no", "n"."id", "n"."workflow", "w"."id" as "workflow_id", "n"."version", "n"."state", "n"."inputs", "n"."job_count", "v"."survivor_count", "n"."cancel_requested_at_ms", "n"."cancel_forced", "n"."activate_from", "n"."cancel_from", "n"."rerun_from", "n"."gate", "n"."held", "n"."generation", "n"."logs_pruned", "n"."created_at_ms", "n"."traceparent", coalesce(n.name, v.name) as "name", "n"."trigger", "n"."schedule", "n"."backfill", "n"."scheduled_at_ms", "n"."vars"
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version";

-- runsByRequest
select "n"."request_hash", "n"."id", "n"."state"
  from (select value ->> 0 as "request_hash"
  from jsonb_each(?)) as "r"
  inner join "runs" as "n" on "n"."request_hash" = "r"."request_hash"
  where "n"."request_hash" is not null;

-- runsOfEventsAfter
select "number", "run"
  from "events"
  where "number" > cast(? as integer)
  order by "number"
  limit cast(? as integer);

-- runsOfSlots
select "r"."workflow", "r"."schedule", "r"."slot_ms", (select n.id
  from runs as n
  where n.workflow = r.workflow and n.schedule = r.schedule and n.scheduled_at_ms = r.slot_ms and n.schedule is not null
  limit 1) as "id"
  from (select cast(value ->> 0 as integer) as "workflow", value ->> 1 as "schedule", cast(value ->> 2 as integer) as "slot_ms"
  from jsonb_each(?)) as "r";

-- runsThatCancel
select "n"."id", "n"."gate"
  from "runs" as "n"
  where "n"."gate_cancels" = 1 and "n"."gate" is not null
  limit cast(? as integer);

-- runsToTrace
select "n"."id", "n"."traceparent", "n"."generation", "w"."id" as "workflow_id", "n"."state", "n"."created_at_ms", "n"."ended_at_ms", (select e.at_ms
  from reruns as e
  where e.run = n.no and e.generation = n.generation) as "rerun_at_ms"
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
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
  where "s"."workflow" >= cast(? as integer) and ("s"."workflow" > cast(? as integer) or "s"."id" > cast(? as text))
  order by "s"."workflow", "s"."id"
  limit cast(? as integer);

-- schedulesByWorkflowId
select "s"."workflow", "s"."id", "s"."spec", "s"."next_slot_ms", "s"."due_at_ms", "s"."last_slot_ms", "s"."last_outcome", "s"."last_run", "s"."last_error", "s"."paused_at_ms", "s"."paused_by", "s"."pause_reason", "w"."id" as "workflow_id", "v"."name" as "workflow_name", (select t.name
  from tokens as t
  where t.id = s.paused_by) as "paused_by_name"
  from "workflows" as "w"
  inner join "schedules" as "s" on "s"."workflow" = "w"."no"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  where "w"."id" = cast(? as text)
  order by "s"."id";

-- schedulesOfWorkflow
select "s"."workflow", "s"."id", "s"."spec", "s"."next_slot_ms", "s"."due_at_ms", "s"."last_slot_ms", "s"."last_outcome", "s"."last_run", "s"."last_error", "s"."paused_at_ms", "s"."paused_by", "s"."pause_reason"
  from "schedules" as "s"
  where "s"."workflow" = cast(? as integer)
  order by "s"."id";

-- setActivateFrom
update "runs"
  set "activate_from" = ?
  where "no" = cast(? as integer);

-- setCancelChildrenFrom
update "matrices"
  set "cancel_from" = ?, "to_do" = case when open = 0 or expand_from is not null or decide_from is not null or cast(? as integer) is not null then 1 else 0 end
  where "job" = cast(? as integer) and "cancel_from" = cast(? as integer);

-- setCancelFrom
update "runs"
  set "cancel_from" = ?
  where "no" = cast(? as integer);

-- setComputed
update "jobs"
  set "label_set" = "r"."label_set", "priority" = "r"."priority", "name" = "r"."name"
  from (select cast(value ->> 0 as integer) as "id", cast(value ->> 1 as integer) as "label_set", cast(value ->> 2 as integer) as "priority", value ->> 3 as "name"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id" and "jobs"."state" = 'waiting';

-- setCurrentVersion
update "workflows"
  set "current_version" = ?, "removed_at_ms" = ?
  where "no" = cast(? as integer);

-- setDecideFrom
update "matrices"
  set "decide_from" = ?, "to_do" = case when open = 0 or expand_from is not null or cancel_from is not null or cast(? as integer) is not null then 1 else 0 end
  where "job" = cast(? as integer) and "decide_from" = cast(? as integer);

-- setExpandFrom
update "matrices"
  set "expand_from" = ?, "combinations" = case when cast(? as integer) is null then null else combinations end, "to_do" = case when open = 0 or decide_from is not null or cancel_from is not null or cast(? as integer) is not null then 1 else 0 end
  where "job" = cast(? as integer) and "expand_from" = cast(? as integer);

-- setGatesInUse
update "gates"
  set "in_use" = "r"."in_use", "changed_at_ms" = cast(? as integer)
  from (select cast(value ->> 0 as integer) as "no", cast(value ->> 1 as integer) as "in_use"
  from jsonb_each(?)) as "r"
  where "gates"."no" = "r"."no";

-- setJobErrors
update "jobs"
  set "error" = "r"."error", "tolerated" = "r"."tolerated"
  from (select cast(value ->> 0 as integer) as "id", value ->> 1 as "error", cast(value ->> 2 as integer) as "tolerated"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id" and "jobs"."state" = 'failure';

-- setJobGates
update "jobs"
  set "gate" = "r"."gate", "places" = "r"."places"
  from (select cast(value ->> 0 as integer) as "id", cast(value ->> 1 as integer) as "gate", value ->> 2 as "places"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id" and +"jobs"."state" = 'held'
  returning "jobs"."id";

-- setLogGap
update "attempts"
  set "log_gap" = cast(? as text), "log_gap_outputs" = cast(? as text)
  where "job" = cast(? as integer) and "number" = cast(? as integer);

-- setNeedCounts
update "jobs"
  set "pending" = "r"."pending", "bad" = "r"."bad"
  from (select cast(value ->> 0 as integer) as "id", cast(value ->> 1 as integer) as "pending", cast(value ->> 2 as integer) as "bad"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id";

-- setNewestRuns
update "workflows"
  set "newest_run" = max(coalesce(workflows.newest_run, 0), r.run)
  from (select cast(value ->> 0 as integer) as "workflow", cast(value ->> 1 as integer) as "run"
  from jsonb_each(?)) as "r"
  where "workflows"."no" = "r"."workflow";

-- setQueueDeadlines
update "jobs"
  set "queue_timeout_ms" = "r"."queue_timeout_ms", "due_at_ms" = "r"."due_at_ms"
  from (select cast(value ->> 0 as integer) as "id", cast(value ->> 1 as integer) as "queue_timeout_ms", cast(value ->> 2 as integer) as "due_at_ms"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id";

-- setRunGates
update "runs"
  set "gate" = "r"."gate", "gate_max" = "r"."gate_max", "held" = "r"."held", "gate_cancels" = "r"."gate_cancels", "activate_from" = "r"."activate_from", "gate_since_ms" = cast(? as integer), "deadline_ms" = case when r.held = 0 then cast(? as integer) + runs.timeout_ms end
  from (select cast(value ->> 0 as integer) as "no", cast(value ->> 1 as integer) as "gate", cast(value ->> 2 as integer) as "gate_max", cast(value ->> 3 as integer) as "held", cast(value ->> 4 as integer) as "gate_cancels", cast(value ->> 5 as integer) as "activate_from"
  from jsonb_each(?)) as "r"
  where "runs"."no" = "r"."no"
  returning "runs"."deadline_ms";

-- setWorkflowRemoved
update "workflows"
  set "removed_at_ms" = ?
  where "id" = cast(? as text)
  returning "no";

-- startJobsIfQueued
update "jobs"
  set "state" = 'running', "started_at_ms" = "r"."at_ms", "ended_at_ms" = ?, "error" = ?
  from (select cast(value ->> 0 as integer) as "id", cast(value ->> 1 as integer) as "at_ms"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id" and +"jobs"."state" = 'queued'
  returning "jobs"."id";

-- startSpecOfVersion
select "start_spec"
  from "versions"
  where "no" = cast(? as integer);

-- statesOfRun
select "v"."ord", "v"."key", "j"."state", "j"."error"
  from "version_jobs" as "v"
  inner join "jobs" as "j" on "j"."id" = cast(? as integer) * 1048576 + v.ord
  where "v"."version" = cast(? as integer)
  order by "v"."ord";

-- stdoutPage
select "c"."sequence", "c"."data"
  from (select "lengths"."job", "lengths"."attempt", "lengths"."sequence", "lengths"."stream", sum(bytes) over (order by sequence rows unbounded preceding) - bytes as "before"
  from (select "job", "attempt", "sequence", "stream", octet_length(data) as "bytes"
  from "log_chunks"
  where "job" = cast(? as integer) and "attempt" = cast(? as integer) and "sequence" > cast(? as integer) and "sequence" <= cast(? as integer) and "stream" = 1
  order by "sequence"
  limit cast(? as integer)) as "lengths") as "places"
  inner join "log_chunks" as "c" on "c"."job" = "places"."job" and "c"."attempt" = "places"."attempt" and "c"."sequence" = "places"."sequence" and "c"."stream" = "places"."stream"
  where "places"."before" < cast(? as integer)
  order by "c"."sequence";

-- stepChunks
select "sequence", "at_ms", "data"
  from "log_chunks"
  where "job" = cast(? as integer) and "attempt" = cast(? as integer) and "sequence" > cast(? as integer) and "stream" = 1 and "data" like '%::step %'
  order by "sequence"
  limit cast(? as integer);

-- stopAttempts
update "attempts"
  set "stop_reason" = "r"."reason", "stop_by_ms" = "r"."by_ms", "deadline_ms" = "r"."deadline_ms"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number", value ->> 2 as "reason", cast(value ->> 3 as integer) as "by_ms", cast(value ->> 4 as integer) as "deadline_ms"
  from jsonb_each(?)) as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number" and +"attempts"."outcome" is null
  returning "attempts"."job";

-- storedLogChunks
select "c"."job", "c"."attempt", "c"."sequence", "c"."stream"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "attempt", cast(value ->> 2 as integer) as "sequence", cast(value ->> 3 as integer) as "stream"
  from jsonb_each(?)) as "r"
  inner join "log_chunks" as "c" on "c"."job" = "r"."job" and "c"."attempt" = "r"."attempt" and "c"."sequence" = "r"."sequence" and "c"."stream" = "r"."stream";

-- supersedeRuns
update "runs"
  set "cancel_requested_at_ms" = cast(? as integer), "cancel_forced" = 1, "cancel_from" = 0
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  where "runs"."no" = "r"."no";

-- takeDoctorTurn
insert into "meta" ("key", "value")
  values ('doctor_look', cast(cast(? as integer) as text))
  on conflict ("key") do update
  set "value" = excluded.value
  where cast("meta"."value" as integer) < cast(? as integer)
  returning "key";

-- takeEventNumbers
update "counters"
  set "value" = value + ?
  where "name" = 'event'
  returning "value";

-- takeSlots
update "schedules"
  set "next_slot_ms" = r.next_slot_ms, "due_at_ms" = r.due_at_ms
  from (select cast(value ->> 0 as integer) as "workflow", value ->> 1 as "id", cast(value ->> 2 as integer) as "slot_ms", cast(value ->> 3 as integer) as "next_slot_ms", cast(value ->> 4 as integer) as "due_at_ms"
  from jsonb_each(?)) as "r"
  where "schedules"."workflow" = "r"."workflow" and "schedules"."id" = "r"."id" and "schedules"."next_slot_ms" = "r"."slot_ms"
  returning "schedules"."workflow", "schedules"."id";

-- tallyMatrices
update "matrices"
  set "open" = matrices.open - c.ended, "failed" = matrices.failed + c.failed, "cancelled" = matrices.cancelled + c.cancelled, "cancel_from" = case when (matrices.fail_fast = 1 and matrices.cancel_from is null and c.failed > 0 and matrices.open > c.ended) then 0 else matrices.cancel_from end, "to_do" = case when matrices.open = c.ended or (matrices.fail_fast = 1 and matrices.cancel_from is null and c.failed > 0 and matrices.open > c.ended) then 1 else matrices.to_do end
  from (select j.id / 1048576 * 1048576 + "j"."group_ord" as "job", count(*) as "ended", cast(sum(r.failed) as bigint) as "failed", cast(sum(r.cancelled) as bigint) as "cancelled"
  from (select cast(value ->> 0 as integer) as "id", cast(value ->> 1 as integer) as "failed", cast(value ->> 2 as integer) as "cancelled"
  from jsonb_each(?)) as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id"
  group by 1
  order by 1) as "c"
  where "matrices"."job" = "c"."job"
  returning "matrices"."job", "matrices"."open", "matrices"."to_do";

-- tallyRuns
update "runs"
  set "open" = runs.open - r.ended, "failed" = runs.failed + r.failed, "cancelled" = runs.cancelled + r.cancelled
  from (select cast(value ->> 0 as integer) as "no", cast(value ->> 1 as integer) as "ended", cast(value ->> 2 as integer) as "failed", cast(value ->> 3 as integer) as "cancelled"
  from jsonb_each(?)) as "r"
  where "runs"."no" = "r"."no"
  returning "runs"."no", "runs"."state", "runs"."open", "runs"."failed", "runs"."cancelled", "runs"."started_at_ms", "runs"."timed_out", "runs"."gate", "runs"."backfill", "runs"."held";

-- timeOutRuns
update "runs"
  set "cancel_requested_at_ms" = coalesce(runs.cancel_requested_at_ms, cast(? as integer)), "cancel_forced" = case when runs.cancel_requested_at_ms is null then 0 else 1 end, "cancel_from" = 0, "timed_out" = case when runs.cancel_requested_at_ms is null then 1 else runs.timed_out end, "deadline_ms" = case when runs.cancel_requested_at_ms is null then cast(? as integer) + 600000 end
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  where "runs"."no" = "r"."no" and "runs"."ended_at_ms" is null
  returning "runs"."no", "runs"."id", "runs"."workflow", "runs"."cancel_forced", "runs"."timed_out";

-- tokenNames
select "t"."id", "t"."name"
  from (select value ->> 0 as "id"
  from jsonb_each(?)) as "r"
  inner join "tokens" as "t" on "t"."id" = "r"."id";

-- touchWorkers
update "workers"
  set "seen_at_ms" = max(workers.seen_at_ms, r.seen_at_ms)
  from (select value ->> 0 as "id", cast(value ->> 1 as integer) as "seen_at_ms"
  from jsonb_each(?)) as "r"
  where "workers"."id" = "r"."id"
  returning "workers"."id";

-- undrainWorker
update "workers"
  set "drained_at_ms" = ?, "drained_by" = ?, "drain_reason" = ?, "drain_stop" = 0
  where "id" = cast(? as text) and "drained_at_ms" is not null
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
  limit cast(? as integer) ;

-- unsuccessfulJobs
select "id"
  from "jobs"
  where "id" >= cast(? as integer) and "id" < cast(? as integer) and "state" in ('failure', 'cancelled') and (group_ord is null or idx < coalesce((select m.total
  from matrices as m
  where m.job = jobs.id / 1048576 * 1048576 + jobs.group_ord), 0))
  order by "id";

-- upstreamBytes
select "r"."job", cast(sum(coalesce(octet_length(j.outputs), 0)) as bigint) as "bytes"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "run", cast(value ->> 2 as integer) as "version", cast(value ->> 3 as integer) as "ord"
  from jsonb_each(?)) as "r"
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
  where "x"."workflow" = cast(? as integer) and "x"."name" = cast(? as text);

-- variablesAfter
select "x"."workflow", "x"."name", "x"."value", "x"."changed_at_ms", "x"."changed_by", (select w.id
  from workflows as w
  where w.no = x.workflow) as "workflow_id", (select t.name
  from tokens as t
  where t.id = x.changed_by) as "changed_by_name"
  from "variables" as "x"
  where "x"."workflow" >= cast(? as integer) and "x"."workflow" <= cast(? as integer) and ("x"."workflow" > cast(? as integer) or "x"."name" > cast(? as text))
  order by "x"."workflow", "x"."name"
  limit cast(? as integer);

-- variablesByName
select "x"."workflow", "x"."name", "x"."value"
  from (select cast(value ->> 0 as integer) as "workflow", value ->> 1 as "name"
  from jsonb_each(?)) as "r"
  inner join "variables" as "x" on "x"."workflow" = "r"."workflow" and "x"."name" = "r"."name" union all select "x"."workflow", "x"."name", "x"."value"
  from (select cast(value ->> 0 as integer) as "workflow", value ->> 1 as "name"
  from jsonb_each(?)) as "r"
  inner join "variables" as "x" on "x"."workflow" = 0 and "x"."name" = "r"."name";

-- versionByNumber
select "v"."no", "v"."name", "v"."trigger", "v"."job_count"
  from "workflows" as "w"
  inner join "versions" as "v" on "v"."workflow" = "w"."no"
  where "w"."id" = cast(? as text) and "v"."number" = cast(? as integer) and "v"."whole" = 1;

-- versionIsUnused
select "v"."no"
  from "versions" as "v"
  inner join "workflows" as "w" on "w"."no" = "v"."workflow"
  where "v"."no" = cast(? as integer) and ("w"."current_version" is null or "w"."current_version" <> "v"."no") and not exists (select "n"."no"
  from "runs" as "n"
  where "n"."workflow" = cast(? as integer) and "n"."version" = cast(? as integer));

-- versionJobByKey
select "ord"
  from "version_jobs"
  where "version" = cast(? as integer) and "key" = cast(? as text);

-- versionJobs
select "v"."version", "v"."ord", "v"."key", "v"."needs", "v"."conditional", "v"."spec"
  from (select cast(value ->> 0 as integer) as "version", cast(value ->> 1 as integer) as "ord"
  from jsonb_each(?)) as "r"
  inner join "version_jobs" as "v" on "v"."version" = "r"."version" and "v"."ord" = "r"."ord";

-- versionText
select "gzip"
  from "version_texts"
  where "version" = cast(? as integer);

-- versionsBefore
select "v"."no", "v"."number", "v"."name", "v"."job_count", "v"."created_at_ms", "w"."source" as "workflow_source", "t"."source", "t"."file", "t"."format", "t"."bytes", "t"."created_by", (select o.name
  from tokens as o
  where o.id = t.created_by) as "created_by_name"
  from "versions" as "v"
  inner join "workflows" as "w" on "w"."no" = "v"."workflow"
  left join "version_texts" as "t" on "t"."version" = "v"."no"
  where "v"."workflow" = cast(? as integer) and "v"."number" < cast(? as integer) and "v"."whole" = 1
  order by "v"."number" desc
  limit cast(? as integer);

-- viewSizes
select "r"."at", cast(sum(octet_length(v.spec)) as bigint) as "definition", cast(sum(coalesce(octet_length(j.error), 0) + coalesce(octet_length(j.outputs), 0)) as bigint) as "results", coalesce(max(octet_length(n.inputs)), 0) as "inputs"
  from (select cast(value ->> 0 as integer) as "at", cast(value ->> 1 as integer) as "version", cast(value ->> 2 as integer) as "run"
  from jsonb_each(?)) as "r"
  left join "runs" as "n" on "n"."no" = "r"."run"
  inner join "version_jobs" as "v" on "v"."version" = coalesce(n.version, r.version)
  left join "jobs" as "j" on "j"."id" = r.run * 1048576 + v.ord
  group by "r"."at";

-- waitingAtGate
select "n"."no", "n"."id", "w"."id" as "workflow_id", coalesce(n.gate_since_ms, n.created_at_ms) as "since_ms", coalesce(n.gate_max, 1) as "max", "n"."cancel_requested_at_ms"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  where "n"."gate" = cast(? as integer) and "n"."held" = 1
  order by "n"."gate_since_ms", "n"."no"
  limit cast(? as integer);

-- waitingRoots
select "id", "bad", "conditional", "label_set"
  from "jobs"
  where "id" >= cast(? as integer) and "id" < cast(? as integer) and "state" = 'waiting' and "pending" = 0
  order by "id" ;

-- whyChild
select "j"."id", "j"."state", "j"."attempt", "j"."conditional", "j"."error", "j"."label_set", "j"."enqueued_at_ms", "j"."delayed_until_ms", "j"."ended_at_ms", "j"."generation", "j"."budget_from", "j"."tolerated"
  from "jobs" as "j"
  where "j"."id" = cast(? as integer);

-- whyJob
select "j"."id", "j"."state", "j"."attempt", "j"."conditional", "j"."error", "j"."label_set", "j"."enqueued_at_ms", "j"."delayed_until_ms", "j"."ended_at_ms", "j"."generation", "j"."budget_from", "j"."tolerated"
  from "version_jobs" as "v"
  inner join "jobs" as "j" on "j"."id" = cast(? as integer) * 1048576 + v.ord
  where "v"."version" = cast(? as integer) and "v"."key" = cast(? as text);

-- workerById
select *, (select t.name
  from tokens as t
  where t.id = workers.drained_by) as "drained_by_name"
  from "workers"
  where "id" = cast(? as text);

-- workflowOfVariables
select "w"."no"
  from "workflows" as "w"
  where "w"."id" = cast(? as text);

-- workflowSummaries
select "w"."no", "w"."id", "w"."source", "w"."newest_run", "v"."number", "v"."name", "v"."trigger", "v"."job_count"
  from "workflows" as "w"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  where "w"."removed_at_ms" is null and "w"."id" > cast(? as text) and (lower(w.id) like cast(? as text) escape '!' or lower(v.name) like cast(? as text) escape '!')
  order by "w"."id"
  limit cast(? as integer);

-- workflowsByIdPrefix
select "no"
  from "workflows"
  where "id" >= cast(? as text) and "id" < cast(? as text)
  order by "id"
  limit cast(? as integer);
