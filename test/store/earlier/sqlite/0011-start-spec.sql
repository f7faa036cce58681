alter table "versions" add column "start_spec" text;
