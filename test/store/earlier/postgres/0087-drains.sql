alter table "workers" add column "drained_at_ms" bigint;
alter table "workers" add column "drained_by" text collate "C";
alter table "workers" add column "drain_reason" text collate "C";
alter table "workers" add column "drain_stop" bigint default 0 not null;
create index workers_draining on workers (id) where drained_at_ms is not null;
