alter table "runs" add column "timeout_ms" integer;
alter table "runs" add column "deadline_ms" integer;
alter table "runs" add column "timed_out" integer default 0 not null;
create index runs_deadline on runs (deadline_ms) where deadline_ms is not null;
