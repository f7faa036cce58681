update runs set started_by = 'ci' where no = 1;
