alter table "version_jobs" add column "children_from" bigint;
create index version_jobs_groups on version_jobs (version, ord) where children_from is not null;
alter table "jobs" add column "group_ord" bigint;
alter table "jobs" add column "idx" bigint;
alter table "jobs" add column "matrix" text collate "C";
create table "matrices" ("job" bigint not null primary key, "total" bigint not null, "open" bigint not null, "failed" bigint default 0 not null, "cancelled" bigint default 0 not null, "fail_fast" bigint not null, "expand_from" bigint, "decide_from" bigint, "cancel_from" bigint, "to_do" bigint not null, "combinations" text collate "C") ;
create index matrices_to_do on matrices (to_do, job);
