alter table "workers" add column "only_labelled" integer default 0 not null;
alter table "tokens" add column "only_labelled" integer default 0 not null;
