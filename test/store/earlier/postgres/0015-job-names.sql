alter table "jobs" add column "name" text collate "C";
