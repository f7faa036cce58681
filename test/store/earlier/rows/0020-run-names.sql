update runs set name = 'deploy to staging' where no = 3;
