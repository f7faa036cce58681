create table "schedules" ("workflow" integer not null, "id" text not null, "spec" text not null, "next_slot_ms" integer, "due_at_ms" integer, "last_slot_ms" integer, "last_outcome" text, "last_run" text, "last_error" text, "paused_at_ms" integer, "paused_by" text, "pause_reason" text, constraint "schedules_pk" primary key ("workflow", "id")) strict, without rowid;
create index schedules_due on schedules (due_at_ms) where due_at_ms is not null;
alter table "runs" add column "trigger" text default 'api' not null;
alter table "runs" add column "schedule" text;
alter table "runs" add column "scheduled_at_ms" integer;
create unique index runs_by_slot on runs (workflow, schedule, scheduled_at_ms) where schedule is not null;
create index runs_live_of_schedule on runs (workflow, schedule) where schedule is not null and ended_at_ms is null;
