alter table "workers" add column "credential" text;
