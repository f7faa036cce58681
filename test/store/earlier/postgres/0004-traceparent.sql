alter table "runs" add column "traceparent" text;
