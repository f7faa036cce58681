create table "run_figures" ("run" integer not null primary key, "workflow" integer not null, "ended_at_ms" integer not null, "state" text not null, "duration_ms" integer, "waiting_ms" integer, "jobs" text not null) strict;
create index run_figures_of_workflow on run_figures (workflow, ended_at_ms);
create index run_figures_by_end on run_figures (ended_at_ms);
alter table "runs" add column "has_figures" integer default 0 not null;
