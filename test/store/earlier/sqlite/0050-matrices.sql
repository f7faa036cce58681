alter table "version_jobs" add column "children_from" integer;
create index version_jobs_groups on version_jobs (version, ord) where children_from is not null;
alter table "jobs" add column "group_ord" integer;
alter table "jobs" add column "idx" integer;
alter table "jobs" add column "matrix" text;
create table "matrices" ("job" integer not null primary key, "total" integer not null, "open" integer not null, "failed" integer default 0 not null, "cancelled" integer default 0 not null, "fail_fast" integer not null, "expand_from" integer, "decide_from" integer, "cancel_from" integer, "to_do" integer not null, "combinations" text) strict, without rowid;
create index matrices_to_do on matrices (to_do, job);
