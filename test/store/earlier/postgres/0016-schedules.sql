create table "schedules" ("workflow" bigint not null, "id" text collate "C" not null, "spec" text collate "C" not null, "next_slot_ms" bigint, "due_at_ms" bigint, "last_slot_ms" bigint, "last_outcome" text collate "C", "last_run" text collate "C", "last_error" text collate "C", "paused_at_ms" bigint, "paused_by" text collate "C", "pause_reason" text collate "C", constraint "schedules_pk" primary key ("workflow", "id")) ;
create index schedules_due on schedules (due_at_ms) where due_at_ms is not null;
alter table "runs" add column "trigger" text collate "C" default 'api' not null;
alter table "runs" add column "schedule" text collate "C";
alter table "runs" add column "scheduled_at_ms" bigint;
create unique index runs_by_slot on runs (workflow, schedule, scheduled_at_ms) where schedule is not null;
create index runs_live_of_schedule on runs (workflow, schedule) where schedule is not null and ended_at_ms is null;
