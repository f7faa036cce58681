alter table "runs" add column "generation" bigint default 1 not null;
alter table "runs" add column "rerun_from" bigint;
alter table "runs" add column "rerun_of" text collate "C";
alter table "jobs" add column "generation" bigint default 1 not null;
alter table "jobs" add column "budget_from" bigint default 0 not null;
create table "reruns" ("run" bigint not null, "generation" bigint not null, "at_ms" bigint not null, "requested_by" text collate "C", "request_hash" text collate "C", "chosen" text collate "C" not null, "following" text collate "C" not null, constraint "reruns_pk" primary key ("run", "generation")) ;
create unique index reruns_request on reruns (request_hash) where request_hash is not null;
