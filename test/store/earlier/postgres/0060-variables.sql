create table "variables" ("workflow" bigint not null, "name" text collate "C" not null, "value" text collate "C" not null, "changed_at_ms" bigint not null, "changed_by" text collate "C", constraint "variables_pk" primary key ("workflow", "name")) ;
alter table "runs" add column "vars" text collate "C";
