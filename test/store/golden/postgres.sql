-- addLogTally
update "attempts"
  set "log_bytes" = attempts.log_bytes + r.bytes, "has_output_lines" = case when r.flag = 1 then 1 else attempts.has_output_lines end
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number", cast(e.value ->> 2 as bigint) as "bytes", cast(e.value ->> 3 as bigint) as "flag"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number";

-- allLabelSets
select "id", "labels"
  from "label_sets"
  where "id" > cast($1 as bigint)
  order by "id";

-- allTokens
select *
  from "tokens"
  order by "created_at_ms", "id";

-- attemptStates
select "a"."job", "a"."number", "a"."worker_id", "a"."credential", "a"."lease_hash", "a"."request_hash", "a"."ttl_ms", "a"."claimed_at_ms", "a"."expires_at_ms", "a"."timeout_at_ms", "a"."deadline_ms", "a"."outcome", "a"."ended_at_ms", "a"."report_digest", "a"."error", "a"."log_bytes", "a"."has_output_lines", "a"."received", "j"."state" as "job_state", "j"."attempt" as "job_attempt"
  from "attempts" as "a"
  inner join "jobs" as "j" on "j"."id" = "a"."job"
  where "a"."job" = cast($1 as bigint) and "a"."number" = cast($2 as bigint);

-- attemptsByLease
select "a"."job", "a"."number", "a"."worker_id", "a"."credential", "a"."lease_hash", "a"."request_hash", "a"."ttl_ms", "a"."claimed_at_ms", "a"."expires_at_ms", "a"."timeout_at_ms", "a"."deadline_ms", "a"."outcome", "a"."ended_at_ms", "a"."report_digest", "a"."error", "a"."log_bytes", "a"."has_output_lines", "a"."received", "j"."state" as "job_state", "j"."attempt" as "job_attempt"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "attempts" as "a" on "a"."job" = "r"."job" and "a"."number" = "r"."number"
  inner join "jobs" as "j" on "j"."id" = a.job + 0;

-- attemptsOfJob
select "a"."number", "a"."worker_id", "a"."claimed_at_ms", "a"."ended_at_ms", "a"."outcome", "a"."error", "a"."expires_at_ms", "a"."timeout_at_ms"
  from "attempts" as "a"
  where "a"."job" = cast($1 as bigint)
  order by "a"."number" desc
  limit cast($2 as bigint);

-- attemptsOfRequests
select "a"."request_hash", "a"."job", "a"."number", "a"."worker_id", "a"."credential", "a"."ttl_ms", "a"."claimed_at_ms", "a"."expires_at_ms", "a"."timeout_at_ms", "j"."enqueued_at_ms", "j"."delayed_until_ms"
  from (select e.value ->> 0 as "request_hash"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "attempts" as "a" on "a"."request_hash" = "r"."request_hash"
  inner join "jobs" as "j" on "j"."id" = "a"."job"
  where ("a"."outcome" || '') is null;

-- attemptsToTrace
select "n"."id" as "run_id", "n"."traceparent", "w"."id" as "workflow_id", "v"."key", "a"."number", "a"."worker_id", "a"."claimed_at_ms", "a"."ended_at_ms", "a"."outcome", "a"."error"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "attempts" as "a" on "a"."job" = "r"."job" and "a"."number" = "r"."number"
  inner join "runs" as "n" on "n"."no" = r.job / 1048576
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = r.job % 1048576;

-- auditBefore
select "a"."no", "a"."at_ms", "a"."action", "a"."subject", "a"."source", "a"."actor", "a"."data", "t"."name" as "actor_name"
  from "audit" as "a"
  left join "tokens" as "t" on "t"."id" = "a"."actor"
  where "a"."no" < cast($1 as bigint) and (cast($2 as text) = '' or "a"."action" = cast($3 as text)) and (cast($4 as text) = '' or "a"."subject" = cast($5 as text))
  order by "a"."no" desc
  limit cast($6 as bigint);

-- badNeeds
select distinct "v"."ord", "v"."key", "j"."state", "j"."conditional"
  from (select cast(e.value ->> 0 as bigint) as "ord"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "version_edges" as "e" on "e"."version" = cast($2 as bigint) and "e"."to_ord" = "r"."ord"
  inner join "jobs" as "j" on "j"."id" = cast($3 as bigint) * 1048576 + e.from_ord
  inner join "version_jobs" as "v" on "v"."version" = "e"."version" and "v"."ord" = "e"."from_ord"
  where "j"."state" in ('failure', 'skipped', 'cancelled')
  order by "v"."ord"
  limit cast($4 as bigint);

-- beginRuns
update "runs"
  set "state" = 'running', "started_at_ms" = $1
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "runs"."no" = "r"."no" and "runs"."state" = 'queued'
  returning "runs"."no";

-- cancelJobs
update "jobs"
  set "state" = 'cancelled', "ended_at_ms" = cast($1 as bigint)
  where "id" >= cast($2 as bigint) and "id" < cast($3 as bigint) and (("state" in ('queued', 'delayed', 'waiting') and "conditional" <= cast($4 as bigint)) or "state" = 'running')
  returning "id", "attempt", "started_at_ms";

-- cancelLiveAttempts
update "attempts"
  set "outcome" = 'cancelled', "ended_at_ms" = $1
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number" and ("attempts"."outcome" || '') is null
  returning "attempts"."job", "attempts"."number";

-- cancelRequest
select "e"."at_ms", "e"."data"
  from "events" as "e"
  where "e"."run" = cast($1 as bigint) and "e"."type" = 'run.cancel_requested'
  order by "e"."number"
  limit 1;

-- claimableBySet
select "label_set", count(*) as "jobs", min(enqueued_at_ms) as "oldest_ms"
  from "jobs"
  where "state" = 'queued'
  group by "label_set";

-- claimableJobs
select "j"."id", "j"."label_set", "j"."priority", "j"."attempt", "j"."enqueued_at_ms", "j"."delayed_until_ms"
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

-- countPrunable
select coalesce(sum(case when n.ended_at_ms < cast($1 as bigint) and (w.newest_run is null or w.newest_run <> n.no) then 1 else 0 end), 0) as "runs", coalesce(sum(case when n.logs_pruned = 0 and n.ended_at_ms < cast($2 as bigint) and not (n.ended_at_ms < cast($3 as bigint) and (w.newest_run is null or w.newest_run <> n.no)) then 1 else 0 end), 0) as "logs"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  where "n"."ended_at_ms" is not null;

-- countPrunedEvents
update "counters"
  set "value" = value + cast($1 as bigint)
  where "name" = 'pruned_events'
  returning "value";

-- currentVersion
select "w"."no" as "workflow", "w"."id" as "workflow_id", "w"."source", "w"."removed_at_ms", "v"."no" as "version", "v"."number", "v"."hash", "v"."name", "v"."trigger", "v"."job_count", "v"."survivor_count", "v"."conditional_roots", "v"."root_label_sets"
  from "workflows" as "w"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  where "w"."id" = cast($1 as text);

-- currentVersions
select "w"."no" as "workflow", "w"."id" as "workflow_id", "w"."source", "w"."removed_at_ms", "v"."no" as "version", "v"."number", "v"."hash", "v"."name", "v"."trigger", "v"."job_count", "v"."survivor_count", "v"."conditional_roots", "v"."root_label_sets"
  from (select e.value ->> 0 as "id"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "workflows" as "w" on "w"."id" = "r"."id"
  inner join "versions" as "v" on "v"."no" = "w"."current_version";

-- currentVersionsOfRuns
select "n"."id" as "run_id", "w"."no" as "workflow", "w"."id" as "workflow_id", "w"."source", "w"."removed_at_ms", "v"."no" as "version", "v"."number", "v"."hash", "v"."name", "v"."trigger", "v"."job_count", "v"."survivor_count", "v"."conditional_roots", "v"."root_label_sets"
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

-- deleteLogsOfAttempts
delete
  from "log_chunks"
  where ("log_chunks"."job", "log_chunks"."attempt") in (select "r"."job", "r"."attempt"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "attempt"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r");

-- deleteRunBeingMade
delete
  from "runs"
  where "no" = cast($1 as bigint) and ("state" || '') = 'creating'
  returning "no";

-- deleteSomeJobs
delete
  from "jobs"
  where "id" in (select "j"."id"
  from "jobs" as "j"
  where "j"."id" >= cast($1 as bigint) and "j"."id" < cast($2 as bigint)
  limit cast($3 as bigint))
  returning "id";

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

-- deleteVersionUnlessWhole
delete
  from "versions"
  where "no" = cast($1 as bigint) and "whole" = 0
  returning "no";

-- endAttemptsIfLive
update "attempts"
  set "outcome" = "r"."outcome", "ended_at_ms" = "r"."at_ms", "report_digest" = "r"."digest", "error" = "r"."error"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number", e.value ->> 2 as "outcome", cast(e.value ->> 3 as bigint) as "at_ms", e.value ->> 4 as "digest", e.value ->> 5 as "error"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number" and ("attempts"."outcome" || '') is null
  returning "attempts"."job";

-- endRuns
update "runs"
  set "state" = "r"."state", "ended_at_ms" = "r"."at_ms"
  from (select cast(e.value ->> 0 as bigint) as "no", e.value ->> 1 as "state", cast(e.value ->> 2 as bigint) as "at_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "runs"."no" = "r"."no";

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
select "e"."number", "e"."at_ms", "e"."type", "n"."id" as "run_id", "v"."key", "e"."attempt", "e"."data"
  from "events" as "e"
  left join "runs" as "n" on "n"."no" = "e"."run"
  left join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = e.job % 1048576
  where "e"."number" > cast($1 as bigint)
  order by "e"."number"
  limit cast($2 as bigint);

-- eventsOfRunAfter
select "e"."number", "e"."at_ms", "e"."type", "n"."id" as "run_id", "v"."key", "e"."attempt", "e"."data"
  from "events" as "e"
  inner join "runs" as "n" on "n"."no" = "e"."run"
  left join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = e.job % 1048576
  where "e"."run" = cast($1 as bigint) and "e"."number" > cast($2 as bigint)
  order by "e"."number"
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

-- graceForLiveLeases
update "attempts"
  set "expires_at_ms" = greatest(expires_at_ms, cast($1 as bigint) + ttl_ms), "timeout_at_ms" = case when timeout_at_ms is null then null else greatest(timeout_at_ms, cast($2 as bigint) + ttl_ms) end, "deadline_ms" = greatest(deadline_ms, cast($3 as bigint) + ttl_ms)
  where "outcome" is null
  returning "job";

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

-- insertRuns
insert into "runs" ("id", "workflow", "version", "state", "inputs", "request_hash", "job_count", "open", "failed", "cancelled", "created_at_ms", "cancel_forced", "activate_from", "traceparent") select "r"."id", "r"."workflow", "r"."version", "r"."state", "r"."inputs", "r"."request_hash", "r"."job_count", "r"."job_count" as "open", 0 as "failed", 0 as "cancelled", "r"."created_at_ms", 0 as "cancel_forced", "r"."activate_from", "r"."traceparent"
  from (select e.value ->> 0 as "id", cast(e.value ->> 1 as bigint) as "workflow", cast(e.value ->> 2 as bigint) as "version", e.value ->> 3 as "state", e.value ->> 4 as "inputs", e.value ->> 5 as "request_hash", cast(e.value ->> 6 as bigint) as "job_count", cast(e.value ->> 7 as bigint) as "created_at_ms", cast(e.value ->> 8 as bigint) as "activate_from", e.value ->> 9 as "traceparent"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  returning "no", "id";

-- insertToken
insert into "tokens" ("id", "name", "hash", "scopes", "labels", "created_at_ms", "expires_at_ms", "revoked_at_ms")
  values ($1, $2, $3, $4, $5, $6, $7, $8);

-- insertVersion
insert into "versions" ("workflow", "number", "hash", "name", "trigger", "job_count", "survivor_count", "conditional_roots", "root_label_sets", "whole", "created_at_ms")
  values ($1, (select coalesce(max(number), 0) + 1
  from versions
  where workflow = cast($2 as bigint)), $3, $4, $5, $6, $7, $8, $9, $10, $11)
  returning "no", "number";

-- insertVersionEdges
insert into "version_edges" ("version", "from_ord", "to_ord") select cast($1 as bigint) as "version", "r"."from_ord", "r"."to_ord"
  from (select cast(e.value ->> 0 as bigint) as "from_ord", cast(e.value ->> 1 as bigint) as "to_ord"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r";

-- insertVersionJobs
insert into "version_jobs" ("version", "ord", "key", "label_set", "priority", "needs", "conditional", "spec") select cast($1 as bigint) as "version", "r"."ord", "r"."key", "s"."id", "r"."priority", "r"."needs", "r"."conditional", "r"."spec"
  from (select cast(e.value ->> 0 as bigint) as "ord", e.value ->> 1 as "key", e.value ->> 2 as "labels", cast(e.value ->> 3 as bigint) as "priority", cast(e.value ->> 4 as bigint) as "needs", cast(e.value ->> 5 as bigint) as "conditional", e.value ->> 6 as "spec"
  from jsonb_array_elements(cast($2 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "label_sets" as "s" on "s"."labels" = "r"."labels";

-- jobByKey
select "j"."id", "j"."state", "j"."attempt"
  from "version_jobs" as "v"
  inner join "jobs" as "j" on "j"."id" = cast($1 as bigint) * 1048576 + v.ord
  where "v"."version" = cast($2 as bigint) and "v"."key" = cast($3 as text);

-- jobsOfRun
select "v"."ord", "v"."key", "v"."spec", "j"."state", "j"."attempt", "j"."started_at_ms", "j"."ended_at_ms", "j"."delayed_until_ms", "j"."error", "j"."outputs", "a"."worker_id"
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

-- jobsToTrace
select "n"."id" as "run_id", "n"."traceparent", "w"."id" as "workflow_id", "v"."key", "j"."state", "j"."error", "j"."ended_at_ms", (select min(a.claimed_at_ms)
  from attempts as a
  where a.job = r.job) as "first_claimed_at_ms", (select count(*)
  from attempts as a
  where a.job = r.job) as "attempts"
  from (select cast(e.value ->> 0 as bigint) as "job"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."job"
  inner join "runs" as "n" on "n"."no" = r.job / 1048576
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = r.job % 1048576;

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

-- leaveRunning
update "jobs"
  set "state" = "r"."state", "attempt" = "r"."attempt", "ended_at_ms" = "r"."ended_at_ms", "enqueued_at_ms" = "r"."enqueued_at_ms", "delayed_until_ms" = "r"."delayed_until_ms", "error" = "r"."error", "outputs" = "r"."outputs"
  from (select cast(e.value ->> 0 as bigint) as "id", e.value ->> 1 as "state", cast(e.value ->> 2 as bigint) as "attempt", cast(e.value ->> 3 as bigint) as "ended_at_ms", cast(e.value ->> 4 as bigint) as "enqueued_at_ms", cast(e.value ->> 5 as bigint) as "delayed_until_ms", e.value ->> 6 as "error", e.value ->> 7 as "outputs"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id" and ("jobs"."state" || '') = 'running'
  returning "jobs"."id", "jobs"."state", "jobs"."label_set";

-- leaveWaiting
update "jobs"
  set "state" = "r"."state", "enqueued_at_ms" = "r"."enqueued_at_ms", "ended_at_ms" = "r"."ended_at_ms"
  from (select cast(e.value ->> 0 as bigint) as "id", e.value ->> 1 as "state", cast(e.value ->> 2 as bigint) as "enqueued_at_ms", cast(e.value ->> 3 as bigint) as "ended_at_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "jobs"."id" = "r"."id" and ("jobs"."state" || '') = 'waiting'
  returning "jobs"."id";

-- listRuns
select "n"."no", "n"."id", "n"."state", "n"."inputs", "n"."job_count", "n"."open", "n"."created_at_ms", "n"."started_at_ms", "n"."ended_at_ms", "n"."version", "w"."id" as "workflow_id", "v"."name", "v"."trigger", "v"."number"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = n.workflow + 0
  inner join "versions" as "v" on "v"."no" = n.version + 0
  where "n"."no" < cast($1 as bigint) and "n"."state" != 'creating' and (cast($2 as text) = '' or "n"."state" = cast($3 as text))
  order by "n"."no" desc
  limit cast($4 as bigint);

-- listRunsOfWorkflow
select "n"."no", "n"."id", "n"."state", "n"."inputs", "n"."job_count", "n"."open", "n"."created_at_ms", "n"."started_at_ms", "n"."ended_at_ms", "n"."version", "w"."id" as "workflow_id", "v"."name", "v"."trigger", "v"."number"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version"
  where "n"."workflow" = cast($1 as bigint) and "n"."no" < cast($2 as bigint) and "n"."state" != 'creating' and (cast($3 as text) = '' or "n"."state" = cast($4 as text))
  order by "n"."no" desc
  limit cast($5 as bigint);

-- listWorkers
select *
  from "workers"
  order by "registered_at_ms" desc, "id"
  limit cast($1 as bigint) offset cast($2 as bigint);

-- listWorkflows
select "w"."id", "w"."no" as "workflow", "v"."no" as "version", "v"."number", "v"."name", "v"."trigger", "w"."newest_run"
  from "workflows" as "w"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  where "w"."removed_at_ms" is null and (cast($1 as bigint) = 1 or ("w"."newest_run" is null and cast($2 as bigint) = 1) or exists (select "j"."id"
  from "jobs" as "j"
  where "j"."id" >= w.newest_run * 1048576 and "j"."id" < (w.newest_run + 1) * 1048576 and "j"."state" in (select e.value
  from jsonb_array_elements_text(cast($3 as jsonb)) as e(value))))
  order by "w"."id"
  limit cast($4 as bigint) offset cast($5 as bigint);

-- liveAttempts
select "a"."worker_id", "a"."job", "a"."number", "v"."key", "n"."id" as "run_id"
  from "attempts" as "a"
  inner join "runs" as "n" on "n"."no" = a.job / 1048576
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = a.job % 1048576
  where "a"."outcome" is null
  order by "a"."deadline_ms"
  limit cast($1 as bigint);

-- lockJobs
select "j"."id"
  from (select cast(e.value ->> 0 as bigint) as "id"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id"
  order by "j"."id"
  for update of "j";

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

-- lockVersionBeingMade
select "no"
  from "versions"
  where "no" = cast($1 as bigint) and "whole" = 0
  for update of "versions";

-- logPage
select "c"."attempt", "c"."sequence", "c"."stream", "c"."at_ms", "c"."data"
  from "log_chunks" as "c"
  where "c"."job" = cast($1 as bigint) and (c.attempt, c.sequence, c.stream) > (cast($2 as bigint), cast($3 as bigint), cast($4 as bigint)) and "c"."attempt" <= cast($5 as bigint)
  order by "c"."attempt", "c"."sequence", "c"."stream"
  limit cast($6 as bigint);

-- lowerOpenNeeds
update "jobs"
  set "pending" = jobs.pending - c.ended, "bad" = jobs.bad + c.bad
  from (select r.run * 1048576 + e.to_ord as "id", count(*) as "ended", cast(sum(r.bad) as bigint) as "bad"
  from (select cast(e.value ->> 0 as bigint) as "run", cast(e.value ->> 1 as bigint) as "version", cast(e.value ->> 2 as bigint) as "ord", cast(e.value ->> 3 as bigint) as "bad"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "version_edges" as "e" on "e"."version" = "r"."version" and "e"."from_ord" = "r"."ord"
  group by 1
  order by 1) as "c"
  where "jobs"."id" = "c"."id" and ("jobs"."state" || '') = 'waiting'
  returning "jobs"."id", "jobs"."pending", "jobs"."bad", "jobs"."conditional", "jobs"."label_set";

-- markLogsPruned
update "runs"
  set "logs_pruned" = $1
  where "no" = cast($2 as bigint)
  returning "no";

-- markReceived
update "attempts"
  set "received" = 1, "deadline_ms" = case when timeout_at_ms is null or timeout_at_ms > expires_at_ms then expires_at_ms else timeout_at_ms end
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

-- needsOfJob
select "v"."key", "j"."state", case when $1 = 1 then j.outputs end as "outputs"
  from "version_edges" as "e"
  inner join "jobs" as "j" on "j"."id" = cast($2 as bigint) * 1048576 + e.from_ord
  inner join "version_jobs" as "v" on "v"."version" = "e"."version" and "v"."ord" = "e"."from_ord"
  where "e"."version" = cast($3 as bigint) and "e"."to_ord" = cast($4 as bigint)
  order by "e"."from_ord";

-- needsOfJobs
select "r"."job", "v"."key", "j"."state", "j"."outputs"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "run", cast(e.value ->> 2 as bigint) as "version", cast(e.value ->> 3 as bigint) as "ord"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "version_edges" as "e" on "e"."version" = "r"."version" and "e"."to_ord" = "r"."ord"
  inner join "jobs" as "j" on "j"."id" = r.run * 1048576 + e.from_ord
  inner join "version_jobs" as "v" on "v"."version" = "e"."version" and "v"."ord" = "e"."from_ord";

-- newestEvent
select "number", "at_ms"
  from "events"
  order by "number" desc
  limit 1;

-- newestRunOfWorkflow
select "n"."no", "n"."id", "n"."workflow", "w"."id" as "workflow_id", "n"."version", "n"."state", "n"."inputs", "n"."job_count", "v"."survivor_count", "n"."cancel_requested_at_ms", "n"."cancel_forced", "n"."activate_from", "n"."cancel_from", "n"."created_at_ms", "n"."traceparent"
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

-- noteDoctorFound
insert into "meta" ("key", "value")
  values ('doctor_found', $1)
  on conflict ("key") do update
  set "value" = excluded.value;

-- noteWorkers
insert into "workers" ("id", "labels", "slots", "version", "registered_at_ms", "seen_at_ms") select "r"."id", "r"."labels", "r"."slots", "r"."version", "r"."registered_at_ms", "r"."seen_at_ms"
  from (select e.value ->> 0 as "id", e.value ->> 1 as "labels", cast(e.value ->> 2 as bigint) as "slots", e.value ->> 3 as "version", cast(e.value ->> 4 as bigint) as "registered_at_ms", cast(e.value ->> 5 as bigint) as "seen_at_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where true
  order by "r"."id"
  on conflict ("id") do update
  set "seen_at_ms" = greatest(workers.seen_at_ms, excluded.seen_at_ms);

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
select "n"."no", "n"."id", "n"."workflow", "n"."version"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  where "n"."ended_at_ms" is not null and "n"."ended_at_ms" < cast($1 as bigint) and ("w"."newest_run" is null or "w"."newest_run" <> "n"."no")
  order by "n"."ended_at_ms"
  limit cast($2 as bigint);

-- oldestEndedRunsWithLogs
select "n"."no", "n"."id", "n"."workflow", "n"."version"
  from "runs" as "n"
  where "n"."ended_at_ms" is not null and "n"."logs_pruned" = 0 and "n"."ended_at_ms" < cast($1 as bigint)
  order by "n"."ended_at_ms"
  limit cast($2 as bigint);

-- overdueAttempts
select "a"."job", "a"."number", "a"."worker_id", "a"."credential", "a"."lease_hash", "a"."request_hash", "a"."ttl_ms", "a"."claimed_at_ms", "a"."expires_at_ms", "a"."timeout_at_ms", "a"."deadline_ms", "a"."outcome", "a"."ended_at_ms", "a"."report_digest", "a"."error", "a"."log_bytes", "a"."has_output_lines", "a"."received", "j"."state" as "job_state", "j"."attempt" as "job_attempt"
  from "attempts" as "a"
  inner join "jobs" as "j" on "j"."id" = "a"."job"
  where "a"."outcome" is null and "a"."deadline_ms" <= cast($1 as bigint)
  order by "a"."deadline_ms"
  limit cast($2 as bigint)
  for update of "j" skip locked;

-- queueDueJobs
update "jobs"
  set "state" = 'queued', "enqueued_at_ms" = cast($1 as bigint)
  where "id" in (select "d"."id"
  from "jobs" as "d"
  where "d"."state" = 'delayed' and "d"."delayed_until_ms" <= cast($2 as bigint)
  order by "d"."delayed_until_ms"
  limit cast($3 as bigint)
  for update of "d" skip locked)
  returning "id", "label_set", "attempt";

-- registerWorkers
insert into "workers" ("id", "labels", "slots", "version", "registered_at_ms", "seen_at_ms") select "r"."id", "r"."labels", "r"."slots", "r"."version", "r"."registered_at_ms", "r"."seen_at_ms"
  from (select e.value ->> 0 as "id", e.value ->> 1 as "labels", cast(e.value ->> 2 as bigint) as "slots", e.value ->> 3 as "version", cast(e.value ->> 4 as bigint) as "registered_at_ms", cast(e.value ->> 5 as bigint) as "seen_at_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where true
  order by "r"."id"
  on conflict ("id") do update
  set "labels" = excluded.labels, "slots" = excluded.slots, "version" = excluded.version, "registered_at_ms" = excluded.registered_at_ms, "seen_at_ms" = excluded.seen_at_ms;

-- renewLeases
update "attempts"
  set "expires_at_ms" = "r"."expires_at_ms", "deadline_ms" = "r"."deadline_ms", "received" = 1
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "number", cast(e.value ->> 2 as bigint) as "expires_at_ms", cast(e.value ->> 3 as bigint) as "deadline_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number";

-- requestCancel
update "runs"
  set "cancel_requested_at_ms" = coalesce(cancel_requested_at_ms, cast($1 as bigint)), "cancel_forced" = greatest(cancel_forced, cast($2 as bigint)), "cancel_from" = 0
  where "no" = cast($3 as bigint)
  returning "no";

-- revokeToken
update "tokens"
  set "revoked_at_ms" = $1
  where ("id" = cast($2 as text) or "name" = cast($3 as text)) and "revoked_at_ms" is null
  returning "id", "name";

-- runById
select "n"."no", "n"."id", "n"."workflow", "w"."id" as "workflow_id", "n"."version", "n"."state", "n"."inputs", "n"."job_count", "v"."survivor_count", "n"."cancel_requested_at_ms", "n"."cancel_forced", "n"."activate_from", "n"."cancel_from", "n"."created_at_ms", "n"."traceparent"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version"
  where "n"."id" = cast($1 as text);

-- runViews
select "n"."no", "n"."id", "n"."state", "n"."inputs", "n"."job_count", "n"."open", "n"."created_at_ms", "n"."started_at_ms", "n"."ended_at_ms", "n"."version", "w"."id" as "workflow_id", "v"."name", "v"."trigger", "v"."number"
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version";

-- runsByNumber
select "n"."no", "n"."id", "n"."workflow", "w"."id" as "workflow_id", "n"."version", "n"."state", "n"."inputs", "n"."job_count", "v"."survivor_count", "n"."cancel_requested_at_ms", "n"."cancel_forced", "n"."activate_from", "n"."cancel_from", "n"."created_at_ms", "n"."traceparent"
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version";

-- runsByRequest
select "n"."request_hash", "n"."id", "n"."workflow", "n"."state"
  from (select e.value ->> 0 as "request_hash"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "runs" as "n" on "n"."request_hash" = "r"."request_hash";

-- runsToTrace
select "n"."id", "n"."traceparent", "w"."id" as "workflow_id", "n"."state", "n"."created_at_ms", "n"."ended_at_ms"
  from (select cast(e.value ->> 0 as bigint) as "no"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow";

-- runsWithUnfinishedWork
select "n"."no", "n"."id", "n"."workflow", "w"."id" as "workflow_id", "n"."version", "n"."state", "n"."inputs", "n"."job_count", "v"."survivor_count", "n"."cancel_requested_at_ms", "n"."cancel_forced", "n"."activate_from", "n"."cancel_from", "n"."created_at_ms", "n"."traceparent"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version"
  where ("n"."activate_from" is not null or "n"."cancel_from" is not null or "n"."state" = 'creating');

-- setActivateFrom
update "runs"
  set "activate_from" = $1
  where "no" = cast($2 as bigint);

-- setCancelFrom
update "runs"
  set "cancel_from" = $1
  where "no" = cast($2 as bigint);

-- setCurrentVersion
update "workflows"
  set "current_version" = $1, "removed_at_ms" = $2
  where "no" = cast($3 as bigint);

-- setNewestRuns
update "workflows"
  set "newest_run" = greatest(coalesce(workflows.newest_run, 0), r.run)
  from (select cast(e.value ->> 0 as bigint) as "workflow", cast(e.value ->> 1 as bigint) as "run"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "workflows"."no" = "r"."workflow";

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

-- stdoutPage
select "sequence", "data"
  from "log_chunks"
  where "job" = cast($1 as bigint) and "attempt" = cast($2 as bigint) and "sequence" > cast($3 as bigint) and "stream" = 1
  order by "sequence"
  limit cast($4 as bigint);

-- storedLogChunks
select "c"."job", "c"."attempt", "c"."sequence", "c"."stream"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "attempt", cast(e.value ->> 2 as bigint) as "sequence", cast(e.value ->> 3 as bigint) as "stream"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "log_chunks" as "c" on "c"."job" = "r"."job" and "c"."attempt" = "r"."attempt" and "c"."sequence" = "r"."sequence" and "c"."stream" = "r"."stream";

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

-- tallyRuns
update "runs"
  set "open" = runs.open - r.ended, "failed" = runs.failed + r.failed, "cancelled" = runs.cancelled + r.cancelled
  from (select cast(e.value ->> 0 as bigint) as "no", cast(e.value ->> 1 as bigint) as "ended", cast(e.value ->> 2 as bigint) as "failed", cast(e.value ->> 3 as bigint) as "cancelled"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "runs"."no" = "r"."no"
  returning "runs"."no", "runs"."state", "runs"."open", "runs"."failed", "runs"."cancelled", "runs"."started_at_ms";

-- touchWorkers
update "workers"
  set "seen_at_ms" = greatest(workers.seen_at_ms, r.seen_at_ms)
  from (select e.value ->> 0 as "id", cast(e.value ->> 1 as bigint) as "seen_at_ms"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  where "workers"."id" = "r"."id"
  returning "workers"."id";

-- unfinishedVersions
select "no", "created_at_ms"
  from "versions"
  where "whole" = 0;

-- unsettledJobs
select "j"."id", "j"."state", "n"."version"
  from "jobs" as "j"
  inner join "runs" as "n" on "n"."no" = j.id / 1048576
  where "j"."settled" = 0
  order by "j"."id"
  limit cast($1 as bigint)
  for update of "j" skip locked;

-- upstreamOutputs
select "r"."job", "v"."key", "j"."outputs"
  from (select cast(e.value ->> 0 as bigint) as "job", cast(e.value ->> 1 as bigint) as "run", cast(e.value ->> 2 as bigint) as "version", cast(e.value ->> 3 as bigint) as "ord"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "version_edges" as "e" on "e"."version" = "r"."version" and "e"."to_ord" = "r"."ord"
  inner join "jobs" as "j" on "j"."id" = r.run * 1048576 + e.from_ord
  inner join "version_jobs" as "v" on "v"."version" = "e"."version" and "v"."ord" = "e"."from_ord"
  where "j"."state" = 'success';

-- versionIsUnused
select "v"."no"
  from "versions" as "v"
  inner join "workflows" as "w" on "w"."no" = "v"."workflow"
  where "v"."no" = cast($1 as bigint) and ("w"."current_version" is null or "w"."current_version" <> "v"."no") and not exists (select "n"."no"
  from "runs" as "n"
  where "n"."workflow" = cast($2 as bigint) and "n"."version" = cast($3 as bigint));

-- versionJobs
select "v"."version", "v"."ord", "v"."key", "v"."needs", "v"."conditional", "v"."spec"
  from (select cast(e.value ->> 0 as bigint) as "version", cast(e.value ->> 1 as bigint) as "ord"
  from jsonb_array_elements(cast($1 as jsonb)) as e(value)
  where jsonb_typeof(e.value) = 'array') as "r"
  inner join "version_jobs" as "v" on "v"."version" = "r"."version" and "v"."ord" = "r"."ord";

-- waitingRoots
select "id", "bad", "conditional", "label_set"
  from "jobs"
  where "id" >= cast($1 as bigint) and "id" < cast($2 as bigint) and "state" = 'waiting' and "pending" = 0
  order by "id"
  for update of "jobs";

-- whyJob
select "j"."id", "j"."state", "j"."attempt", "j"."conditional", "j"."label_set", "j"."enqueued_at_ms", "j"."delayed_until_ms", "j"."ended_at_ms"
  from "version_jobs" as "v"
  inner join "jobs" as "j" on "j"."id" = cast($1 as bigint) * 1048576 + v.ord
  where "v"."version" = cast($2 as bigint) and "v"."key" = cast($3 as text);
