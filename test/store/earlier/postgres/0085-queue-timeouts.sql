alter table "jobs" add column "queue_timeout_ms" bigint;
alter table "jobs" add column "due_at_ms" bigint;
create index jobs_queue_due on jobs (due_at_ms) where due_at_ms is not null and state in ('queued', 'held');
