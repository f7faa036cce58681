// Package processtree ends all processes of one job.
package processtree

import (
	"os/exec"
	"sync"
	"time"
)

const (
	pollInterval = 50 * time.Millisecond
	// killTimeMax is how long to keep killing new processes.
	killTimeMax = 3 * time.Second
)

// Tree is all processes of one job: the group that its shell leads, and on Linux also those that left the group. They are
// found by their ancestry, and, once that is broken by a parent's end, by a variable of the environment that the job was
// started with. A process that both left its ancestors and changed that variable is out of reach.
type Tree struct {
	leader int
	marker string
	finder finder
}

var (
	liveMutex sync.Mutex
	live      = make(map[*Tree]struct{})
)

// Start starts the command as the leader of a new process group. The marker is a NAME=value of its environment that
// nothing else has.
func Start(command *exec.Cmd, marker string) (*Tree, error) {
	leadGroup(command)
	if err := command.Start(); err != nil {
		return nil, err
	}
	leader := command.Process.Pid
	tree := &Tree{leader: leader, marker: marker, finder: newFinder(leader, marker)}
	liveMutex.Lock()
	defer liveMutex.Unlock()
	live[tree] = struct{}{}
	return tree, nil
}

// KillAll kills all trees that were not forgotten, for a process that is about to end without waiting for their jobs.
func KillAll() {
	liveMutex.Lock()
	defer liveMutex.Unlock()
	// The trees' own finders may be in use by End.
	var finders []finder
	for tree := range live {
		finders = append(finders, newFinder(tree.leader, tree.marker))
	}
	killEnds := time.Now().Add(killTimeMax)
	for isAlive := true; isAlive && time.Now().Before(killEnds); {
		isAlive = false
		for i := range finders {
			isAlive = finders[i].kill() || isAlive
		}
		if isAlive {
			time.Sleep(pollInterval / 5)
		}
	}
}

// Forget records that the job has ended.
func (t *Tree) Forget() {
	liveMutex.Lock()
	defer liveMutex.Unlock()
	delete(live, t)
}

// GroupIsAlive reports whether a process of the group is still running.
func (t *Tree) GroupIsAlive() bool { return t.finder.groupIsAlive() }

// End asks all processes to end (SIGTERM) and forces those that are left after the grace (SIGKILL). What they start to
// clean up, such as the commands of a trap, is not asked: it has the whole grace.
func (t *Tree) End(grace time.Duration) {
	graceEnds := time.Now().Add(grace)
	for time.Now().Before(graceEnds) {
		if !t.finder.askToEnd() {
			return
		}
		time.Sleep(min(pollInterval, time.Until(graceEnds)))
	}
	killEnds := time.Now().Add(killTimeMax)
	for t.finder.kill() && time.Now().Before(killEnds) {
		time.Sleep(pollInterval)
	}
}
