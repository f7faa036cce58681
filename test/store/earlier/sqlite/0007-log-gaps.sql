alter table "attempts" add column "log_padding" integer default 0 not null;
alter table "attempts" add column "log_gap" text;
alter table "attempts" add column "log_gap_outputs" text;
update attempts set log_bytes = s.bytes, log_padding = s.padding from ( select job, attempt, sum(octet_length(data)) as bytes, sum(case when octet_length(data) < 128 then 128 - octet_length(data) else 0 end) as padding from log_chunks group by job, attempt ) as s where attempts.job = s.job and attempts.number = s.attempt and (attempts.log_bytes <> s.bytes or attempts.log_padding <> s.padding);
