create table "audit" ("no" integer primary key autoincrement, "at_ms" integer not null, "action" text not null, "subject" text not null, "source" text not null, "actor" text, "data" text) strict;
