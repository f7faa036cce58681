package main

import "golang.org/x/sys/unix"

// forbidInspection prevents other processes of the same user from reading this one's memory, environment and files in
// /proc, and from attaching a debugger; root still can. It disables core dumps. It does not affect the processes of
// jobs.
func forbidInspection() {
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}
