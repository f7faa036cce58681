package workflowgraph

import (
	"bytes"
	"fmt"
	"strings"
)

// stepTracker follows which step of a job runs, by the lines "::step 2/3 Name" that the job's script prints before each.
type stepTracker struct {
	steps []Step
	// begun counts the steps that were announced.
	begun int
	line  []byte
}

// write takes stdout as it comes. Only the line of the next step counts, so that a step cannot announce another by chance.
func (t *stepTracker) write(output []byte) {
	for t.begun < len(t.steps) {
		begin, rest, isWhole := bytes.Cut(output, []byte("\n"))
		next := t.announcement(t.begun)
		// A longer line is no announcement; one byte more is enough to see that.
		t.line = append(t.line, begin[:min(len(begin), max(0, len(next)+1-len(t.line)))]...)
		if !isWhole {
			return
		}
		if string(t.line) == next {
			t.begun++
		}
		t.line = t.line[:0]
		output = rest
	}
}

// named is a failure with the step that it happened in: step 2/3 "Unit tests": exit status 1.
func (t *stepTracker) named(failure string) string {
	if t.begun == 0 {
		return failure
	}
	name := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(t.steps[t.begun-1].Name)
	return fmt.Sprintf(`step %d/%d "%s": %s`, t.begun, len(t.steps), name, failure)
}

func (t *stepTracker) announcement(index int) string {
	return fmt.Sprintf("::step %d/%d %s", index+1, len(t.steps), t.steps[index].Name)
}
