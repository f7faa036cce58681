create table "run_figures" ("run" bigint not null primary key, "workflow" bigint not null, "ended_at_ms" bigint not null, "state" text collate "C" not null, "duration_ms" bigint, "waiting_ms" bigint, "jobs" text collate "C" not null) ;
create index run_figures_of_workflow on run_figures (workflow, ended_at_ms);
create index run_figures_by_end on run_figures (ended_at_ms);
alter table "runs" add column "has_figures" bigint default 0 not null;
