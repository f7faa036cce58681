alter table "workers" add column "credential" text collate "C";
