// Command conformance lets the conformance suite drive this module: it reads commands from stdin and writes events to
// stdout, one JSON object a line, as test/conformance/ADAPTER.md says.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

type command struct {
	Do      string  `json:"do"`
	Worker  string  `json:"worker"`
	Options options `json:"options"`
	clientCall
}

func main() {
	adapter := newAdapter(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16*1024*1024)
	for lines.Scan() {
		var given command
		if err := json.Unmarshal(lines.Bytes(), &given); err != nil {
			fmt.Fprintf(os.Stderr, "not a command: %v: %s\n", err, lines.Bytes())
			continue
		}
		adapter.do(given)
	}
	adapter.killAll()
}
