alter table "runs" add column "name" text collate "C";
