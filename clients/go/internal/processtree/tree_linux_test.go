package processtree

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// startJob runs a script that prints pids, one a line, as many as are wanted.
func startJob(t *testing.T, script string, pids int) (*Tree, *exec.Cmd, []int) {
	t.Helper()
	const marker = "WORKFLOW_GRAPH_ATTEMPT_ID=tree-test"
	command := exec.Command("/bin/sh", "-c", script)
	command.Env = append(os.Environ(), marker)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stdout = writer
	tree, err := Start(command, marker)
	if err != nil {
		t.Fatal(err)
	}
	writer.Close()
	t.Cleanup(func() { reader.Close(); tree.Forget() })
	lines := bufio.NewScanner(reader)
	var found []int
	for len(found) < pids && lines.Scan() {
		pid, err := strconv.Atoi(strings.TrimSpace(lines.Text()))
		if err != nil {
			t.Fatalf("not a pid: %q", lines.Text())
		}
		found = append(found, pid)
	}
	return tree, command, found
}

func isRunning(pid int) bool {
	entry, ok := readProcess(pid)
	return ok && !entry.isZombie
}

func TestEndingATreeEndsProcessesThatLeftItsGroup(t *testing.T) {
	script := `setsid sh -c 'echo $$; sleep 100' & (setsid sh -c 'echo $$; sleep 100' &) ; sleep 100`
	tree, command, pids := startJob(t, script, 2)
	go func() { _ = command.Wait() }()
	tree.End(5 * time.Second)
	for _, pid := range append(pids, command.Process.Pid) {
		if isRunning(pid) {
			t.Errorf("process %d still runs", pid)
		}
	}
}

func TestWhatIgnoresTheRequestIsForcedAfterTheGrace(t *testing.T) {
	tree, command, pids := startJob(t, `trap '' TERM; echo $$; while :; do sleep 0.1; done`, 1)
	go func() { _ = command.Wait() }()
	begin := time.Now()
	tree.End(300 * time.Millisecond)
	if isRunning(pids[0]) {
		t.Error("it still runs")
	}
	if took := time.Since(begin); took < 300*time.Millisecond {
		t.Errorf("it was forced after %v", took)
	}
}

func TestTheCommandsOfATrapHaveTheWholeGrace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "said")
	script := `trap 'sleep 0.3 && echo group >'"$0"'; setsid -w sh -c "sleep 0.3 && echo session >>'"$0"'"; exit 0' TERM
		echo $$; while :; do sleep 0.05; done`
	tree, command, _ := startJob(t, strings.ReplaceAll(script, `'"$0"'`, file), 1)
	tree.End(20 * time.Second)
	_ = command.Wait()
	if said, err := os.ReadFile(file); err != nil || string(said) != "group\nsession\n" {
		t.Errorf("the trap said %q, %v", said, err)
	}
}

func TestAGroupIsAliveUntilItsLastProcessEnds(t *testing.T) {
	tree, command, pids := startJob(t, `sleep 100 & echo $!`, 1)
	_ = command.Wait()
	if !tree.GroupIsAlive() {
		t.Error("its background process was not seen")
	}
	tree.End(2 * time.Second)
	if isRunning(pids[0]) || tree.GroupIsAlive() {
		t.Error("it was not ended")
	}
}

func TestKillingAllTreesReachesProcessesThatLeftTheirGroup(t *testing.T) {
	script := `(setsid sh -c 'trap "" TERM; echo $$; while :; do sleep 0.1; done' &) ; sleep 100`
	_, command, pids := startJob(t, script, 1)
	KillAll()
	_ = command.Wait()
	for waited := time.Duration(0); isRunning(pids[0]); waited += 10 * time.Millisecond {
		if waited > 20*time.Second {
			t.Fatalf("process %d still runs", pids[0])
		}
		time.Sleep(10 * time.Millisecond)
	}
}
