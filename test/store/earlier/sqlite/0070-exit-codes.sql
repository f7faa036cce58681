alter table "attempts" add column "exit_code" integer;
