package processtree

import (
	"bytes"
	"cmp"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// process is one entry of /proc. Its start time distinguishes it from a later process with the same pid.
type process struct {
	pid, parent, group int
	isZombie           bool
	startTime          string
}

type finder struct {
	group  int
	marker []byte
	// Known members stay known when their parents end, strangers are those whose environment was read and lacks the marker;
	// both by pid, with the start time.
	known, strangers map[int]string
	// asked has those that were asked to end, and those that they started then, which are spared.
	asked map[int]bool
}

func newFinder(leader int, marker string) finder {
	return finder{
		group:     leader,
		marker:    []byte(marker),
		known:     make(map[int]string),
		strangers: make(map[int]string),
		asked:     make(map[int]bool),
	}
}

func (f *finder) groupIsAlive() bool {
	if !signal(-f.group, 0) {
		return false
	}
	for _, entry := range listProcesses() {
		if entry.group == f.group && !entry.isZombie {
			return true
		}
	}
	return false
}

// askToEnd asks the group by one signal at its first call, which misses none that forks at that moment. Who joins the group
// later was started by one that was asked.
func (f *finder) askToEnd() bool {
	isFirst := len(f.asked) == 0
	members := f.members()
	live := make(map[int]bool, len(members))
	for _, member := range members {
		live[member.pid] = true
	}
	if isFirst && slices.ContainsFunc(members, func(member process) bool { return member.group == f.group }) {
		signal(-f.group, syscall.SIGTERM)
	}
	for _, member := range members {
		if f.asked[member.pid] {
			continue
		}
		isSpared := !isFirst && live[member.parent] && f.asked[member.parent]
		f.asked[member.pid] = true
		if member.group != f.group && !isSpared {
			signal(member.pid, syscall.SIGTERM)
		}
	}
	return len(members) > 0
}

func (f *finder) kill() bool {
	members := f.members()
	for _, member := range members {
		signal(member.pid, syscall.SIGKILL)
	}
	return len(members) > 0
}

// members are the job's live processes from one pass over /proc, oldest first, so that a parent is asked to end before
// its children.
func (f *finder) members() []process {
	self := os.Getpid()
	isMember := make(map[int]bool)
	all := listProcesses()
	var undecided []process
	for _, entry := range all {
		if entry.pid == self {
			continue
		}
		if entry.group == f.group || f.known[entry.pid] == entry.startTime || f.isMarked(entry) {
			isMember[entry.pid] = true
		} else {
			undecided = append(undecided, entry)
		}
	}
	for grew := true; grew; {
		grew = false
		for _, entry := range undecided {
			if !isMember[entry.pid] && isMember[entry.parent] {
				isMember[entry.pid] = true
				grew = true
			}
		}
	}
	var members []process
	for _, entry := range all {
		if !isMember[entry.pid] {
			continue
		}
		f.known[entry.pid] = entry.startTime
		if !entry.isZombie {
			members = append(members, entry)
		}
	}
	slices.SortFunc(members, func(a, b process) int {
		return cmp.Or(cmp.Compare(len(a.startTime), len(b.startTime)), cmp.Compare(a.startTime, b.startTime), cmp.Compare(a.pid, b.pid))
	})
	return members
}

func (f *finder) isMarked(entry process) bool {
	if f.strangers[entry.pid] == entry.startTime {
		return false
	}
	if hasInEnvironment(entry.pid, f.marker) {
		return true
	}
	f.strangers[entry.pid] = entry.startTime
	return false
}

func listProcesses() []process {
	directory, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer directory.Close()
	names, err := directory.Readdirnames(-1)
	if err != nil {
		return nil
	}
	var entries []process
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if entry, ok := readProcess(pid); ok {
			entries = append(entries, entry)
		}
	}
	return entries
}

// readProcess returns false if the process has exited since it was listed.
func readProcess(pid int) (process, bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, false
	}
	// The second field is the name in brackets, and may hold anything; the fields after it are plain.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return process{}, false
	}
	parent, _ := strconv.Atoi(fields[1])
	group, _ := strconv.Atoi(fields[2])
	return process{
		pid:       pid,
		parent:    parent,
		group:     group,
		isZombie:  fields[0] == "Z" || fields[0] == "X",
		startTime: fields[19],
	}, true
}

// hasInEnvironment returns false for a process that has exited, and for one of another user, whose environment is
// unreadable.
func hasInEnvironment(pid int, variable []byte) bool {
	environment, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return false
	}
	for entry := range bytes.SplitSeq(environment, []byte{0}) {
		if bytes.Equal(entry, variable) {
			return true
		}
	}
	return false
}
