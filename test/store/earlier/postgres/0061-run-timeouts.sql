alter table "runs" add column "timeout_ms" bigint;
alter table "runs" add column "deadline_ms" bigint;
alter table "runs" add column "timed_out" bigint default 0 not null;
create index runs_deadline on runs (deadline_ms) where deadline_ms is not null;
