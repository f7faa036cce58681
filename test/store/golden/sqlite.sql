-- addLogTally
update "attempts"
  set "log_bytes" = attempts.log_bytes + r.bytes, "has_output_lines" = case when r.flag = 1 then 1 else attempts.has_output_lines end
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number", cast(value ->> 2 as integer) as "bytes", cast(value ->> 3 as integer) as "flag"
  from jsonb_each(?)) as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number";

-- allLabelSets
select "id", "labels"
  from "label_sets"
  where "id" > cast(? as integer)
  order by "id";

-- allTokens
select *
  from "tokens"
  order by "created_at_ms", "id";

-- attemptStates
select "a"."job", "a"."number", "a"."worker_id", "a"."credential", "a"."lease_hash", "a"."request_hash", "a"."ttl_ms", "a"."claimed_at_ms", "a"."expires_at_ms", "a"."timeout_at_ms", "a"."deadline_ms", "a"."outcome", "a"."ended_at_ms", "a"."report_digest", "a"."error", "a"."log_bytes", "a"."has_output_lines", "a"."received", "j"."state" as "job_state", "j"."attempt" as "job_attempt"
  from "attempts" as "a"
  inner join "jobs" as "j" on "j"."id" = "a"."job"
  where "a"."job" = cast(? as integer) and "a"."number" = cast(? as integer);

-- attemptsByLease
select "a"."job", "a"."number", "a"."worker_id", "a"."credential", "a"."lease_hash", "a"."request_hash", "a"."ttl_ms", "a"."claimed_at_ms", "a"."expires_at_ms", "a"."timeout_at_ms", "a"."deadline_ms", "a"."outcome", "a"."ended_at_ms", "a"."report_digest", "a"."error", "a"."log_bytes", "a"."has_output_lines", "a"."received", "j"."state" as "job_state", "j"."attempt" as "job_attempt"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number"
  from jsonb_each(?)) as "r"
  inner join "attempts" as "a" on "a"."job" = "r"."job" and "a"."number" = "r"."number"
  inner join "jobs" as "j" on "j"."id" = a.job + 0;

-- attemptsOfJob
select "a"."number", "a"."worker_id", "a"."claimed_at_ms", "a"."ended_at_ms", "a"."outcome", "a"."error", "a"."expires_at_ms", "a"."timeout_at_ms"
  from "attempts" as "a"
  where "a"."job" = cast(? as integer)
  order by "a"."number" desc
  limit cast(? as integer);

-- attemptsOfRequests
select "a"."request_hash", "a"."job", "a"."number", "a"."worker_id", "a"."credential", "a"."ttl_ms", "a"."claimed_at_ms", "a"."expires_at_ms", "a"."timeout_at_ms", "j"."enqueued_at_ms", "j"."delayed_until_ms"
  from (select value ->> 0 as "request_hash"
  from jsonb_each(?)) as "r"
  inner join "attempts" as "a" on "a"."request_hash" = "r"."request_hash"
  inner join "jobs" as "j" on "j"."id" = "a"."job"
  where +"a"."outcome" is null and "a"."request_hash" is not null;

-- attemptsToTrace
select "n"."id" as "run_id", "n"."traceparent", "w"."id" as "workflow_id", "v"."key", "a"."number", "a"."worker_id", "a"."claimed_at_ms", "a"."ended_at_ms", "a"."outcome", "a"."error"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number"
  from jsonb_each(?)) as "r"
  inner join "attempts" as "a" on "a"."job" = "r"."job" and "a"."number" = "r"."number"
  inner join "runs" as "n" on "n"."no" = r.job / 1048576
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = r.job % 1048576;

-- auditBefore
select "a"."no", "a"."at_ms", "a"."action", "a"."subject", "a"."source", "a"."actor", "a"."data", "t"."name" as "actor_name"
  from "audit" as "a"
  left join "tokens" as "t" on "t"."id" = "a"."actor"
  where "a"."no" < cast(? as integer) and (cast(? as text) = '' or "a"."action" = cast(? as text)) and (cast(? as text) = '' or "a"."subject" = cast(? as text))
  order by "a"."no" desc
  limit cast(? as integer);

-- badNeeds
select distinct "v"."ord", "v"."key", "j"."state", "j"."conditional"
  from (select cast(value ->> 0 as integer) as "ord"
  from jsonb_each(?)) as "r"
  inner join "version_edges" as "e" on "e"."version" = cast(? as integer) and "e"."to_ord" = "r"."ord"
  inner join "jobs" as "j" on "j"."id" = cast(? as integer) * 1048576 + e.from_ord
  inner join "version_jobs" as "v" on "v"."version" = "e"."version" and "v"."ord" = "e"."from_ord"
  where "j"."state" in ('failure', 'skipped', 'cancelled')
  order by "v"."ord"
  limit cast(? as integer);

-- beginRuns
update "runs"
  set "state" = 'running', "started_at_ms" = ?
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  where "runs"."no" = "r"."no" and "runs"."state" = 'queued'
  returning "runs"."no";

-- cancelJobs
update "jobs"
  set "state" = 'cancelled', "ended_at_ms" = cast(? as integer)
  where "id" >= cast(? as integer) and "id" < cast(? as integer) and (("state" in ('queued', 'delayed', 'waiting') and "conditional" <= cast(? as integer)) or "state" = 'running')
  returning "id", "attempt", "started_at_ms";

-- cancelLiveAttempts
update "attempts"
  set "outcome" = 'cancelled', "ended_at_ms" = ?
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number"
  from jsonb_each(?)) as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number" and +"attempts"."outcome" is null
  returning "attempts"."job", "attempts"."number";

-- cancelRequest
select "e"."at_ms", "e"."data"
  from "events" as "e"
  where "e"."run" = cast(? as integer) and "e"."type" = 'run.cancel_requested'
  order by "e"."number"
  limit 1;

-- claimableBySet
select "label_set", count(*) as "jobs", min(enqueued_at_ms) as "oldest_ms"
  from "jobs"
  where "state" = 'queued'
  group by "label_set";

-- claimableJobs
select "j"."id", "j"."label_set", "j"."priority", "j"."attempt", "j"."enqueued_at_ms", "j"."delayed_until_ms"
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

-- countPrunable
select coalesce(sum(case when n.ended_at_ms < cast(? as integer) and (w.newest_run is null or w.newest_run <> n.no) then 1 else 0 end), 0) as "runs", coalesce(sum(case when n.logs_pruned = 0 and n.ended_at_ms < cast(? as integer) and not (n.ended_at_ms < cast(? as integer) and (w.newest_run is null or w.newest_run <> n.no)) then 1 else 0 end), 0) as "logs"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  where "n"."ended_at_ms" is not null;

-- countPrunedEvents
update "counters"
  set "value" = value + cast(? as integer)
  where "name" = 'pruned_events'
  returning "value";

-- currentVersion
select "w"."no" as "workflow", "w"."id" as "workflow_id", "w"."source", "w"."removed_at_ms", "v"."no" as "version", "v"."number", "v"."hash", "v"."name", "v"."trigger", "v"."job_count", "v"."survivor_count", "v"."conditional_roots", "v"."root_label_sets"
  from "workflows" as "w"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  where "w"."id" = cast(? as text);

-- currentVersions
select "w"."no" as "workflow", "w"."id" as "workflow_id", "w"."source", "w"."removed_at_ms", "v"."no" as "version", "v"."number", "v"."hash", "v"."name", "v"."trigger", "v"."job_count", "v"."survivor_count", "v"."conditional_roots", "v"."root_label_sets"
  from (select value ->> 0 as "id"
  from jsonb_each(?)) as "r"
  inner join "workflows" as "w" on "w"."id" = "r"."id"
  inner join "versions" as "v" on "v"."no" = "w"."current_version";

-- currentVersionsOfRuns
select "n"."id" as "run_id", "w"."no" as "workflow", "w"."id" as "workflow_id", "w"."source", "w"."removed_at_ms", "v"."no" as "version", "v"."number", "v"."hash", "v"."name", "v"."trigger", "v"."job_count", "v"."survivor_count", "v"."conditional_roots", "v"."root_label_sets"
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

-- deleteLogsOfAttempts
delete
  from "log_chunks"
  where ("log_chunks"."job", "log_chunks"."attempt") in (select "r"."job", "r"."attempt"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "attempt"
  from jsonb_each(?)) as "r");

-- deleteRunBeingMade
delete
  from "runs"
  where "no" = cast(? as integer) and +"state" = 'creating'
  returning "no";

-- deleteSomeJobs
delete
  from "jobs"
  where "id" in (select "j"."id"
  from "jobs" as "j"
  where "j"."id" >= cast(? as integer) and "j"."id" < cast(? as integer)
  limit cast(? as integer))
  returning "id";

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

-- deleteVersionUnlessWhole
delete
  from "versions"
  where "no" = cast(? as integer) and "whole" = 0
  returning "no";

-- endAttemptsIfLive
update "attempts"
  set "outcome" = "r"."outcome", "ended_at_ms" = "r"."at_ms", "report_digest" = "r"."digest", "error" = "r"."error"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number", value ->> 2 as "outcome", cast(value ->> 3 as integer) as "at_ms", value ->> 4 as "digest", value ->> 5 as "error"
  from jsonb_each(?)) as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number" and +"attempts"."outcome" is null
  returning "attempts"."job";

-- endRuns
update "runs"
  set "state" = "r"."state", "ended_at_ms" = "r"."at_ms"
  from (select cast(value ->> 0 as integer) as "no", value ->> 1 as "state", cast(value ->> 2 as integer) as "at_ms"
  from jsonb_each(?)) as "r"
  where "runs"."no" = "r"."no";

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
select "e"."number", "e"."at_ms", "e"."type", "n"."id" as "run_id", "v"."key", "e"."attempt", "e"."data"
  from "events" as "e"
  left join "runs" as "n" on "n"."no" = "e"."run"
  left join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = e.job % 1048576
  where "e"."number" > cast(? as integer)
  order by "e"."number"
  limit cast(? as integer);

-- eventsOfRunAfter
select "e"."number", "e"."at_ms", "e"."type", "n"."id" as "run_id", "v"."key", "e"."attempt", "e"."data"
  from "events" as "e"
  inner join "runs" as "n" on "n"."no" = "e"."run"
  left join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = e.job % 1048576
  where "e"."run" = cast(? as integer) and "e"."number" > cast(? as integer)
  order by "e"."number"
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

-- graceForLiveLeases
update "attempts"
  set "expires_at_ms" = max(expires_at_ms, cast(? as integer) + ttl_ms), "timeout_at_ms" = case when timeout_at_ms is null then null else max(timeout_at_ms, cast(? as integer) + ttl_ms) end, "deadline_ms" = max(deadline_ms, cast(? as integer) + ttl_ms)
  where "outcome" is null
  returning "job";

-- insertAttempts
insert into "attempts" ("job", "number", "worker_id", "credential", "lease_hash", "request_hash", "ttl_ms", "claimed_at_ms", "expires_at_ms", "timeout_at_ms", "deadline_ms", "received", "log_bytes", "has_output_lines") select "r"."job", "r"."number", "r"."worker_id", "r"."credential", "r"."lease_hash", "r"."request_hash", "r"."ttl_ms", "r"."claimed_at_ms", "r"."expires_at_ms", "r"."timeout_at_ms", "r"."deadline_ms", "r"."received", 0 as "log_bytes", 0 as "has_output_lines"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number", value ->> 2 as "worker_id", value ->> 3 as "credential", value ->> 4 as "lease_hash", value ->> 5 as "request_hash", cast(value ->> 6 as integer) as "ttl_ms", cast(value ->> 7 as integer) as "claimed_at_ms", cast(value ->> 8 as integer) as "expires_at_ms", cast(value ->> 9 as integer) as "timeout_at_ms", cast(value ->> 10 as integer) as "deadline_ms", cast(value ->> 11 as integer) as "received"
  from jsonb_each(?)) as "r";

-- insertAudit
insert into "audit" ("at_ms", "action", "subject", "source", "actor", "data") select "r"."at_ms", "r"."action", "r"."subject", "r"."source", "r"."actor", "r"."data"
  from (select cast(value ->> 0 as integer) as "at_ms", value ->> 1 as "action", value ->> 2 as "subject", value ->> 3 as "source", value ->> 4 as "actor", value ->> 5 as "data"
  from jsonb_each(?)) as "r";

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

-- insertRuns
insert into "runs" ("id", "workflow", "version", "state", "inputs", "request_hash", "job_count", "open", "failed", "cancelled", "created_at_ms", "cancel_forced", "activate_from", "traceparent") select "r"."id", "r"."workflow", "r"."version", "r"."state", "r"."inputs", "r"."request_hash", "r"."job_count", "r"."job_count" as "open", 0 as "failed", 0 as "cancelled", "r"."created_at_ms", 0 as "cancel_forced", "r"."activate_from", "r"."traceparent"
  from (select value ->> 0 as "id", cast(value ->> 1 as integer) as "workflow", cast(value ->> 2 as integer) as "version", value ->> 3 as "state", value ->> 4 as "inputs", value ->> 5 as "request_hash", cast(value ->> 6 as integer) as "job_count", cast(value ->> 7 as integer) as "created_at_ms", cast(value ->> 8 as integer) as "activate_from", value ->> 9 as "traceparent"
  from jsonb_each(?)) as "r"
  returning "no", "id";

-- insertToken
insert into "tokens" ("id", "name", "hash", "scopes", "labels", "created_at_ms", "expires_at_ms", "revoked_at_ms")
  values (?, ?, ?, ?, ?, ?, ?, ?);

-- insertVersion
insert into "versions" ("workflow", "number", "hash", "name", "trigger", "job_count", "survivor_count", "conditional_roots", "root_label_sets", "whole", "created_at_ms")
  values (?, (select coalesce(max(number), 0) + 1
  from versions
  where workflow = cast(? as integer)), ?, ?, ?, ?, ?, ?, ?, ?, ?)
  returning "no", "number";

-- insertVersionEdges
insert into "version_edges" ("version", "from_ord", "to_ord") select cast(? as integer) as "version", "r"."from_ord", "r"."to_ord"
  from (select cast(value ->> 0 as integer) as "from_ord", cast(value ->> 1 as integer) as "to_ord"
  from jsonb_each(?)) as "r";

-- insertVersionJobs
insert into "version_jobs" ("version", "ord", "key", "label_set", "priority", "needs", "conditional", "spec") select cast(? as integer) as "version", "r"."ord", "r"."key", "s"."id", "r"."priority", "r"."needs", "r"."conditional", "r"."spec"
  from (select cast(value ->> 0 as integer) as "ord", value ->> 1 as "key", value ->> 2 as "labels", cast(value ->> 3 as integer) as "priority", cast(value ->> 4 as integer) as "needs", cast(value ->> 5 as integer) as "conditional", value ->> 6 as "spec"
  from jsonb_each(?)) as "r"
  inner join "label_sets" as "s" on "s"."labels" = "r"."labels";

-- jobByKey
select "j"."id", "j"."state", "j"."attempt"
  from "version_jobs" as "v"
  inner join "jobs" as "j" on "j"."id" = cast(? as integer) * 1048576 + v.ord
  where "v"."version" = cast(? as integer) and "v"."key" = cast(? as text);

-- jobsOfRun
select "v"."ord", "v"."key", "v"."spec", "j"."state", "j"."attempt", "j"."started_at_ms", "j"."ended_at_ms", "j"."delayed_until_ms", "j"."error", "j"."outputs", "a"."worker_id"
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

-- jobsToTrace
select "n"."id" as "run_id", "n"."traceparent", "w"."id" as "workflow_id", "v"."key", "j"."state", "j"."error", "j"."ended_at_ms", (select min(a.claimed_at_ms)
  from attempts as a
  where a.job = r.job) as "first_claimed_at_ms", (select count(*)
  from attempts as a
  where a.job = r.job) as "attempts"
  from (select cast(value ->> 0 as integer) as "job"
  from jsonb_each(?)) as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."job"
  inner join "runs" as "n" on "n"."no" = r.job / 1048576
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = r.job % 1048576;

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

-- leaveRunning
update "jobs"
  set "state" = "r"."state", "attempt" = "r"."attempt", "ended_at_ms" = "r"."ended_at_ms", "enqueued_at_ms" = "r"."enqueued_at_ms", "delayed_until_ms" = "r"."delayed_until_ms", "error" = "r"."error", "outputs" = "r"."outputs"
  from (select cast(value ->> 0 as integer) as "id", value ->> 1 as "state", cast(value ->> 2 as integer) as "attempt", cast(value ->> 3 as integer) as "ended_at_ms", cast(value ->> 4 as integer) as "enqueued_at_ms", cast(value ->> 5 as integer) as "delayed_until_ms", value ->> 6 as "error", value ->> 7 as "outputs"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id" and +"jobs"."state" = 'running'
  returning "jobs"."id", "jobs"."state", "jobs"."label_set";

-- leaveWaiting
update "jobs"
  set "state" = "r"."state", "enqueued_at_ms" = "r"."enqueued_at_ms", "ended_at_ms" = "r"."ended_at_ms"
  from (select cast(value ->> 0 as integer) as "id", value ->> 1 as "state", cast(value ->> 2 as integer) as "enqueued_at_ms", cast(value ->> 3 as integer) as "ended_at_ms"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id" and +"jobs"."state" = 'waiting'
  returning "jobs"."id";

-- listRuns
select "n"."no", "n"."id", "n"."state", "n"."inputs", "n"."job_count", "n"."open", "n"."created_at_ms", "n"."started_at_ms", "n"."ended_at_ms", "n"."version", "w"."id" as "workflow_id", "v"."name", "v"."trigger", "v"."number"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = n.workflow + 0
  inner join "versions" as "v" on "v"."no" = n.version + 0
  where "n"."no" < cast(? as integer) and "n"."state" != 'creating' and (cast(? as text) = '' or "n"."state" = cast(? as text))
  order by "n"."no" desc
  limit cast(? as integer);

-- listRunsOfWorkflow
select "n"."no", "n"."id", "n"."state", "n"."inputs", "n"."job_count", "n"."open", "n"."created_at_ms", "n"."started_at_ms", "n"."ended_at_ms", "n"."version", "w"."id" as "workflow_id", "v"."name", "v"."trigger", "v"."number"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version"
  where "n"."workflow" = cast(? as integer) and "n"."no" < cast(? as integer) and "n"."state" != 'creating' and (cast(? as text) = '' or "n"."state" = cast(? as text))
  order by "n"."no" desc
  limit cast(? as integer);

-- listWorkers
select *
  from "workers"
  order by "registered_at_ms" desc, "id"
  limit cast(? as integer) offset cast(? as integer);

-- listWorkflows
select "w"."id", "w"."no" as "workflow", "v"."no" as "version", "v"."number", "v"."name", "v"."trigger", "w"."newest_run"
  from "workflows" as "w"
  inner join "versions" as "v" on "v"."no" = "w"."current_version"
  where "w"."removed_at_ms" is null and (cast(? as integer) = 1 or ("w"."newest_run" is null and cast(? as integer) = 1) or exists (select "j"."id"
  from "jobs" as "j"
  where "j"."id" >= w.newest_run * 1048576 and "j"."id" < (w.newest_run + 1) * 1048576 and "j"."state" in (select value
  from json_each(?))))
  order by "w"."id"
  limit cast(? as integer) offset cast(? as integer);

-- liveAttempts
select "a"."worker_id", "a"."job", "a"."number", "v"."key", "n"."id" as "run_id"
  from "attempts" as "a"
  inner join "runs" as "n" on "n"."no" = a.job / 1048576
  inner join "version_jobs" as "v" on "v"."version" = "n"."version" and "v"."ord" = a.job % 1048576
  where "a"."outcome" is null
  order by "a"."deadline_ms"
  limit cast(? as integer);

-- lockJobs
select "j"."id"
  from (select cast(value ->> 0 as integer) as "id"
  from jsonb_each(?)) as "r"
  inner join "jobs" as "j" on "j"."id" = "r"."id"
  order by "j"."id" ;

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

-- lockVersionBeingMade
select "no"
  from "versions"
  where "no" = cast(? as integer) and "whole" = 0 ;

-- logPage
select "c"."attempt", "c"."sequence", "c"."stream", "c"."at_ms", "c"."data"
  from "log_chunks" as "c"
  where "c"."job" = cast(? as integer) and (c.attempt, c.sequence, c.stream) > (cast(? as integer), cast(? as integer), cast(? as integer)) and "c"."attempt" <= cast(? as integer)
  order by "c"."attempt", "c"."sequence", "c"."stream"
  limit cast(? as integer);

-- lowerOpenNeeds
update "jobs"
  set "pending" = jobs.pending - c.ended, "bad" = jobs.bad + c.bad
  from (select r.run * 1048576 + e.to_ord as "id", count(*) as "ended", cast(sum(r.bad) as bigint) as "bad"
  from (select cast(value ->> 0 as integer) as "run", cast(value ->> 1 as integer) as "version", cast(value ->> 2 as integer) as "ord", cast(value ->> 3 as integer) as "bad"
  from jsonb_each(?)) as "r"
  inner join "version_edges" as "e" on "e"."version" = "r"."version" and "e"."from_ord" = "r"."ord"
  group by 1
  order by 1) as "c"
  where "jobs"."id" = "c"."id" and +"jobs"."state" = 'waiting'
  returning "jobs"."id", "jobs"."pending", "jobs"."bad", "jobs"."conditional", "jobs"."label_set";

-- markLogsPruned
update "runs"
  set "logs_pruned" = ?
  where "no" = cast(? as integer)
  returning "no";

-- markReceived
update "attempts"
  set "received" = 1, "deadline_ms" = case when timeout_at_ms is null or timeout_at_ms > expires_at_ms then expires_at_ms else timeout_at_ms end
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number", value ->> 2 as "lease_hash"
  from jsonb_each(?)) as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number" and "attempts"."lease_hash" = "r"."lease_hash" and +"attempts"."outcome" is null and "attempts"."received" = 0;

-- markSettled
update "jobs"
  set "settled" = "r"."settled"
  from (select cast(value ->> 0 as integer) as "id", cast(value ->> 1 as integer) as "settled"
  from jsonb_each(?)) as "r"
  where "jobs"."id" = "r"."id";

-- needsOfJob
select "v"."key", "j"."state", case when ? = 1 then j.outputs end as "outputs"
  from "version_edges" as "e"
  inner join "jobs" as "j" on "j"."id" = cast(? as integer) * 1048576 + e.from_ord
  inner join "version_jobs" as "v" on "v"."version" = "e"."version" and "v"."ord" = "e"."from_ord"
  where "e"."version" = cast(? as integer) and "e"."to_ord" = cast(? as integer)
  order by "e"."from_ord";

-- needsOfJobs
select "r"."job", "v"."key", "j"."state", "j"."outputs"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "run", cast(value ->> 2 as integer) as "version", cast(value ->> 3 as integer) as "ord"
  from jsonb_each(?)) as "r"
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
  where "w"."id" = cast(? as text);

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
  values ('doctor_found', ?)
  on conflict ("key") do update
  set "value" = excluded.value;

-- noteWorkers
insert into "workers" ("id", "labels", "slots", "version", "registered_at_ms", "seen_at_ms") select "r"."id", "r"."labels", "r"."slots", "r"."version", "r"."registered_at_ms", "r"."seen_at_ms"
  from (select value ->> 0 as "id", value ->> 1 as "labels", cast(value ->> 2 as integer) as "slots", value ->> 3 as "version", cast(value ->> 4 as integer) as "registered_at_ms", cast(value ->> 5 as integer) as "seen_at_ms"
  from jsonb_each(?)) as "r"
  where true
  order by "r"."id"
  on conflict ("id") do update
  set "seen_at_ms" = max(workers.seen_at_ms, excluded.seen_at_ms);

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
select "n"."no", "n"."id", "n"."workflow", "n"."version"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  where "n"."ended_at_ms" is not null and "n"."ended_at_ms" < cast(? as integer) and ("w"."newest_run" is null or "w"."newest_run" <> "n"."no")
  order by "n"."ended_at_ms"
  limit cast(? as integer);

-- oldestEndedRunsWithLogs
select "n"."no", "n"."id", "n"."workflow", "n"."version"
  from "runs" as "n"
  where "n"."ended_at_ms" is not null and "n"."logs_pruned" = 0 and "n"."ended_at_ms" < cast(? as integer)
  order by "n"."ended_at_ms"
  limit cast(? as integer);

-- overdueAttempts
select "a"."job", "a"."number", "a"."worker_id", "a"."credential", "a"."lease_hash", "a"."request_hash", "a"."ttl_ms", "a"."claimed_at_ms", "a"."expires_at_ms", "a"."timeout_at_ms", "a"."deadline_ms", "a"."outcome", "a"."ended_at_ms", "a"."report_digest", "a"."error", "a"."log_bytes", "a"."has_output_lines", "a"."received", "j"."state" as "job_state", "j"."attempt" as "job_attempt"
  from "attempts" as "a"
  inner join "jobs" as "j" on "j"."id" = "a"."job"
  where "a"."outcome" is null and "a"."deadline_ms" <= cast(? as integer)
  order by "a"."deadline_ms"
  limit cast(? as integer) ;

-- queueDueJobs
update "jobs"
  set "state" = 'queued', "enqueued_at_ms" = cast(? as integer)
  where "id" in (select "d"."id"
  from "jobs" as "d"
  where "d"."state" = 'delayed' and "d"."delayed_until_ms" <= cast(? as integer)
  order by "d"."delayed_until_ms"
  limit cast(? as integer) )
  returning "id", "label_set", "attempt";

-- registerWorkers
insert into "workers" ("id", "labels", "slots", "version", "registered_at_ms", "seen_at_ms") select "r"."id", "r"."labels", "r"."slots", "r"."version", "r"."registered_at_ms", "r"."seen_at_ms"
  from (select value ->> 0 as "id", value ->> 1 as "labels", cast(value ->> 2 as integer) as "slots", value ->> 3 as "version", cast(value ->> 4 as integer) as "registered_at_ms", cast(value ->> 5 as integer) as "seen_at_ms"
  from jsonb_each(?)) as "r"
  where true
  order by "r"."id"
  on conflict ("id") do update
  set "labels" = excluded.labels, "slots" = excluded.slots, "version" = excluded.version, "registered_at_ms" = excluded.registered_at_ms, "seen_at_ms" = excluded.seen_at_ms;

-- renewLeases
update "attempts"
  set "expires_at_ms" = "r"."expires_at_ms", "deadline_ms" = "r"."deadline_ms", "received" = 1
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "number", cast(value ->> 2 as integer) as "expires_at_ms", cast(value ->> 3 as integer) as "deadline_ms"
  from jsonb_each(?)) as "r"
  where "attempts"."job" = "r"."job" and "attempts"."number" = "r"."number";

-- requestCancel
update "runs"
  set "cancel_requested_at_ms" = coalesce(cancel_requested_at_ms, cast(? as integer)), "cancel_forced" = max(cancel_forced, cast(? as integer)), "cancel_from" = 0
  where "no" = cast(? as integer)
  returning "no";

-- revokeToken
update "tokens"
  set "revoked_at_ms" = ?
  where ("id" = cast(? as text) or "name" = cast(? as text)) and "revoked_at_ms" is null
  returning "id", "name";

-- runById
select "n"."no", "n"."id", "n"."workflow", "w"."id" as "workflow_id", "n"."version", "n"."state", "n"."inputs", "n"."job_count", "v"."survivor_count", "n"."cancel_requested_at_ms", "n"."cancel_forced", "n"."activate_from", "n"."cancel_from", "n"."created_at_ms", "n"."traceparent"
  from "runs" as "n"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version"
  where "n"."id" = cast(? as text);

-- runViews
select "n"."no", "n"."id", "n"."state", "n"."inputs", "n"."job_count", "n"."open", "n"."created_at_ms", "n"."started_at_ms", "n"."ended_at_ms", "n"."version", "w"."id" as "workflow_id", "v"."name", "v"."trigger", "v"."number"
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version";

-- runsByNumber
select "n"."no", "n"."id", "n"."workflow", "w"."id" as "workflow_id", "n"."version", "n"."state", "n"."inputs", "n"."job_count", "v"."survivor_count", "n"."cancel_requested_at_ms", "n"."cancel_forced", "n"."activate_from", "n"."cancel_from", "n"."created_at_ms", "n"."traceparent"
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
  inner join "runs" as "n" on "n"."no" = "r"."no"
  inner join "workflows" as "w" on "w"."no" = "n"."workflow"
  inner join "versions" as "v" on "v"."no" = "n"."version";

-- runsByRequest
select "n"."request_hash", "n"."id", "n"."workflow", "n"."state"
  from (select value ->> 0 as "request_hash"
  from jsonb_each(?)) as "r"
  inner join "runs" as "n" on "n"."request_hash" = "r"."request_hash"
  where "n"."request_hash" is not null;

-- runsToTrace
select "n"."id", "n"."traceparent", "w"."id" as "workflow_id", "n"."state", "n"."created_at_ms", "n"."ended_at_ms"
  from (select cast(value ->> 0 as integer) as "no"
  from jsonb_each(?)) as "r"
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
  set "activate_from" = ?
  where "no" = cast(? as integer);

-- setCancelFrom
update "runs"
  set "cancel_from" = ?
  where "no" = cast(? as integer);

-- setCurrentVersion
update "workflows"
  set "current_version" = ?, "removed_at_ms" = ?
  where "no" = cast(? as integer);

-- setNewestRuns
update "workflows"
  set "newest_run" = max(coalesce(workflows.newest_run, 0), r.run)
  from (select cast(value ->> 0 as integer) as "workflow", cast(value ->> 1 as integer) as "run"
  from jsonb_each(?)) as "r"
  where "workflows"."no" = "r"."workflow";

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

-- stdoutPage
select "sequence", "data"
  from "log_chunks"
  where "job" = cast(? as integer) and "attempt" = cast(? as integer) and "sequence" > cast(? as integer) and "stream" = 1
  order by "sequence"
  limit cast(? as integer);

-- storedLogChunks
select "c"."job", "c"."attempt", "c"."sequence", "c"."stream"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "attempt", cast(value ->> 2 as integer) as "sequence", cast(value ->> 3 as integer) as "stream"
  from jsonb_each(?)) as "r"
  inner join "log_chunks" as "c" on "c"."job" = "r"."job" and "c"."attempt" = "r"."attempt" and "c"."sequence" = "r"."sequence" and "c"."stream" = "r"."stream";

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

-- tallyRuns
update "runs"
  set "open" = runs.open - r.ended, "failed" = runs.failed + r.failed, "cancelled" = runs.cancelled + r.cancelled
  from (select cast(value ->> 0 as integer) as "no", cast(value ->> 1 as integer) as "ended", cast(value ->> 2 as integer) as "failed", cast(value ->> 3 as integer) as "cancelled"
  from jsonb_each(?)) as "r"
  where "runs"."no" = "r"."no"
  returning "runs"."no", "runs"."state", "runs"."open", "runs"."failed", "runs"."cancelled", "runs"."started_at_ms";

-- touchWorkers
update "workers"
  set "seen_at_ms" = max(workers.seen_at_ms, r.seen_at_ms)
  from (select value ->> 0 as "id", cast(value ->> 1 as integer) as "seen_at_ms"
  from jsonb_each(?)) as "r"
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
  limit cast(? as integer) ;

-- upstreamOutputs
select "r"."job", "v"."key", "j"."outputs"
  from (select cast(value ->> 0 as integer) as "job", cast(value ->> 1 as integer) as "run", cast(value ->> 2 as integer) as "version", cast(value ->> 3 as integer) as "ord"
  from jsonb_each(?)) as "r"
  inner join "version_edges" as "e" on "e"."version" = "r"."version" and "e"."to_ord" = "r"."ord"
  inner join "jobs" as "j" on "j"."id" = r.run * 1048576 + e.from_ord
  inner join "version_jobs" as "v" on "v"."version" = "e"."version" and "v"."ord" = "e"."from_ord"
  where "j"."state" = 'success';

-- versionIsUnused
select "v"."no"
  from "versions" as "v"
  inner join "workflows" as "w" on "w"."no" = "v"."workflow"
  where "v"."no" = cast(? as integer) and ("w"."current_version" is null or "w"."current_version" <> "v"."no") and not exists (select "n"."no"
  from "runs" as "n"
  where "n"."workflow" = cast(? as integer) and "n"."version" = cast(? as integer));

-- versionJobs
select "v"."version", "v"."ord", "v"."key", "v"."needs", "v"."conditional", "v"."spec"
  from (select cast(value ->> 0 as integer) as "version", cast(value ->> 1 as integer) as "ord"
  from jsonb_each(?)) as "r"
  inner join "version_jobs" as "v" on "v"."version" = "r"."version" and "v"."ord" = "r"."ord";

-- waitingRoots
select "id", "bad", "conditional", "label_set"
  from "jobs"
  where "id" >= cast(? as integer) and "id" < cast(? as integer) and "state" = 'waiting' and "pending" = 0
  order by "id" ;

-- whyJob
select "j"."id", "j"."state", "j"."attempt", "j"."conditional", "j"."label_set", "j"."enqueued_at_ms", "j"."delayed_until_ms", "j"."ended_at_ms"
  from "version_jobs" as "v"
  inner join "jobs" as "j" on "j"."id" = cast(? as integer) * 1048576 + v.ord
  where "v"."version" = cast(? as integer) and "v"."key" = cast(? as text);
