create table "sessions" ("hash" text not null primary key, "token" text not null, "created_at_ms" integer not null, "expires_at_ms" integer not null) strict;
create index "sessions_expiry" on "sessions" ("expires_at_ms");
create index "sessions_token" on "sessions" ("token", "created_at_ms");
