//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// secretVariables can contain secrets that a job must not read. The worker does not need the server's database.
var secretVariables = []string{"WORKFLOW_GRAPH_TOKEN", "SERVER_URL", "DATABASE_URL", "DATABASE_LISTEN_URL"}

// handedOver names the descriptor that secrets are read from, as JSON.
const handedOver = "WORKFLOW_GRAPH_SECRETS_FD"

// hideSecrets removes secrets from the environment that the system shows of this process (/proc/PID/environ, ps). The
// initial variables of a process stay readable there for its user, and so for its jobs, even if the process changes
// them later. The process therefore re-executes itself without them, and passes them through a pipe. If that fails, the
// worker continues unchanged.
func hideSecrets() {
	forbidInspection()
	if number, err := strconv.Atoi(os.Getenv(handedOver)); err == nil {
		takeOver(os.NewFile(uintptr(number), handedOver))
		return
	}
	secrets := make(map[string]string)
	for _, name := range secretVariables {
		if value := os.Getenv(name); strings.Contains(value, "@") || value != "" && name != "SERVER_URL" {
			secrets[name] = value
		}
	}
	if len(secrets) > 0 {
		replaceProcess(secrets)
	}
}

func takeOver(pipe *os.File) {
	os.Unsetenv(handedOver)
	defer pipe.Close()
	var secrets map[string]string
	data, _ := io.ReadAll(pipe)
	if json.NewDecoder(bytes.NewReader(data)).Decode(&secrets) != nil {
		return
	}
	for name, value := range secrets {
		// In this process's own copy, which is not visible to others.
		os.Setenv(name, value)
	}
}

// replaceProcess returns when it fails.
func replaceProcess(secrets map[string]string) {
	data, err := json.Marshal(secrets)
	// A pipe holds that much without a reader everywhere.
	if err != nil || len(data) > 16*1024 {
		return
	}
	program, err := os.Executable()
	if err != nil {
		return
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return
	}
	defer reader.Close()
	defer writer.Close()
	if _, err := writer.Write(data); err != nil || writer.Close() != nil {
		return
	}
	// Fd makes it blocking, so that it is read to its end on the other side.
	descriptor := reader.Fd()
	if _, err := unix.FcntlInt(descriptor, unix.F_SETFD, 0); err != nil {
		return
	}
	var environment []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if _, isSecret := secrets[name]; !isSecret {
			environment = append(environment, entry)
		}
	}
	environment = append(environment, handedOver+"="+strconv.FormatUint(uint64(descriptor), 10))
	_ = unix.Exec(program, os.Args, environment)
}
