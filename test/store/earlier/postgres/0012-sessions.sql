create table "sessions" ("hash" text collate "C" not null primary key, "token" text collate "C" not null, "created_at_ms" bigint not null, "expires_at_ms" bigint not null) ;
create index "sessions_expiry" on "sessions" ("expires_at_ms");
create index "sessions_token" on "sessions" ("token", "created_at_ms");
