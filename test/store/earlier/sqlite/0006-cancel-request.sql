alter table "runs" add column "cancel_request_hash" text;
create index runs_cancel_request on runs (cancel_request_hash) where cancel_request_hash is not null;
