create table "backfills" ("no" integer primary key autoincrement, "id" text not null unique, "workflow" integer not null, "schedule" text not null, "spec" text not null, "from_ms" integer not null, "to_ms" integer not null, "newest_first" integer not null, "again" integer not null, "max_live" integer not null, "slots" text not null, "total" integer not null, "position" integer default 0 not null, "started" integer default 0 not null, "skipped" integer default 0 not null, "refused" integer default 0 not null, "last_error" text, "created_at_ms" integer not null, "created_by" text, "ended_at_ms" integer, "cancelled" integer default 0 not null) strict;
create index backfills_active on backfills (no) where ended_at_ms is null;
create index backfills_of_workflow on backfills (workflow, no);
alter table "runs" add column "backfill" integer;
drop index runs_by_slot;
create unique index runs_by_slot on runs (workflow, schedule, scheduled_at_ms) where schedule is not null and backfill is null;
create index runs_of_slot on runs (workflow, schedule, scheduled_at_ms) where schedule is not null;
create unique index runs_of_backfill on runs (backfill, scheduled_at_ms) where backfill is not null;
create index runs_live_of_backfill on runs (backfill) where backfill is not null and ended_at_ms is null;
