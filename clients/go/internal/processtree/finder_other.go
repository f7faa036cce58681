//go:build !unix

package processtree

import (
	"os"
	"os/exec"
)

// finder knows the shell only: there are no process groups here.
type finder struct {
	leader int
	killed bool
}

func newFinder(leader int, _ string) finder { return finder{leader: leader} }

func leadGroup(*exec.Cmd) {}

func killGroup(leader int) {
	if process, err := os.FindProcess(leader); err == nil {
		_ = process.Kill()
	}
}

func (f *finder) groupIsAlive() bool { return false }

// askToEnd can only kill: this system has no way to ask.
func (f *finder) askToEnd() bool { return f.kill() }

func (f *finder) kill() bool {
	if f.killed {
		return false
	}
	f.killed = true
	killGroup(f.leader)
	return true
}
