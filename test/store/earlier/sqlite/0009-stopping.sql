alter table "attempts" add column "stop_reason" text;
alter table "attempts" add column "stop_by_ms" integer;
