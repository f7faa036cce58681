"""Keeping leases alive: `keeper` is the worker's side, `renewals` that of the process."""
