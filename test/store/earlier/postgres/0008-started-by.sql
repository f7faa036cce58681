alter table "runs" add column "started_by" text collate "C";
alter table "tokens" add column "last_used_at_ms" bigint;
create index workflows_removed on workflows (removed_at_ms) where removed_at_ms is not null;
