create table "variables" ("workflow" integer not null, "name" text not null, "value" text not null, "changed_at_ms" integer not null, "changed_by" text, constraint "variables_pk" primary key ("workflow", "name")) strict, without rowid;
alter table "runs" add column "vars" text;
