update runs set rerun_of = '019b76da-a800-71b4-8c5e-c68e04a3406c' where no = 3;
