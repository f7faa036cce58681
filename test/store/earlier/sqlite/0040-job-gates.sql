alter table "jobs" add column "gate" integer;
alter table "jobs" add column "places" text;
create index jobs_held on jobs (gate, priority desc, enqueued_at_ms, id) where state = 'held';
create index jobs_with_place on jobs (gate, id) where gate is not null and state in ('queued', 'delayed', 'running');
