alter table "jobs" add column "tolerated" bigint default 0 not null;
