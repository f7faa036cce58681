alter table "jobs" add column "name" text;
