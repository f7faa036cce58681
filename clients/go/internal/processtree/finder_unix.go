//go:build unix && !linux

package processtree

import "syscall"

// finder knows the process group only: these systems tell no cheap way to the rest.
type finder struct {
	group int
	asked bool
}

func newFinder(leader int, _ string) finder { return finder{group: leader} }

func (f *finder) groupIsAlive() bool { return signal(-f.group, 0) }

func (f *finder) askToEnd() bool {
	if f.asked {
		return f.groupIsAlive()
	}
	f.asked = true
	return signal(-f.group, syscall.SIGTERM)
}

func (f *finder) kill() bool { return signal(-f.group, syscall.SIGKILL) }
