alter table "runs" add column "generation" integer default 1 not null;
alter table "runs" add column "rerun_from" integer;
alter table "runs" add column "rerun_of" text;
alter table "jobs" add column "generation" integer default 1 not null;
alter table "jobs" add column "budget_from" integer default 0 not null;
create table "reruns" ("run" integer not null, "generation" integer not null, "at_ms" integer not null, "requested_by" text, "request_hash" text, "chosen" text not null, "following" text not null, constraint "reruns_pk" primary key ("run", "generation")) strict, without rowid;
create unique index reruns_request on reruns (request_hash) where request_hash is not null;
