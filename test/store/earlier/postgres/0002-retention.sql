alter table "runs" add column "logs_pruned" bigint default 0 not null;
create index runs_ended on runs (ended_at_ms) where ended_at_ms is not null;
create index runs_ended_with_logs on runs (ended_at_ms) where ended_at_ms is not null and logs_pruned = 0;
insert into counters (name, value) values ('pruned_events', 0);
