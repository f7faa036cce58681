create index "runs_by_state" on "runs" ("state", "no");
