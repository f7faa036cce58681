alter table "attempts" add column "stop_reason" text collate "C";
alter table "attempts" add column "stop_by_ms" bigint;
