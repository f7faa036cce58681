"""Running jobs with the shell."""
