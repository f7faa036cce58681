insert into audit (at_ms, action, subject, source, actor, data) values (1767225600000, 'run.start', '019b76da-a800-71b4-8c5e-c68e04a3406c', 'api', null, null);
