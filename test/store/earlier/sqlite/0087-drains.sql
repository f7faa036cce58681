alter table "workers" add column "drained_at_ms" integer;
alter table "workers" add column "drained_by" text;
alter table "workers" add column "drain_reason" text;
alter table "workers" add column "drain_stop" integer default 0 not null;
create index workers_draining on workers (id) where drained_at_ms is not null;
