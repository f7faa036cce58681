alter table "jobs" add column "queue_timeout_ms" integer;
alter table "jobs" add column "due_at_ms" integer;
create index jobs_queue_due on jobs (due_at_ms) where due_at_ms is not null and state in ('queued', 'held');
