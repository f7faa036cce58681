alter table "jobs" add column "tolerated" integer default 0 not null;
