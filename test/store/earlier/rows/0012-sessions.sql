insert into tokens (id, name, hash, scopes, labels, created_at_ms, expires_at_ms, revoked_at_ms) values ('t1', 'ci', 'h1', '["admin"]', null, 1767225600000, null, null);
insert into sessions (hash, token, created_at_ms, expires_at_ms) values ('s1', 't1', 1767225600000, 1798761600000);
