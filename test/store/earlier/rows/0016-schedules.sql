update runs set trigger = 'schedule', schedule = 's0', scheduled_at_ms = 1767225600000 where no = 2;
