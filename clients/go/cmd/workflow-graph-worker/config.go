package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	workflowgraph "workflowgraph.dev/client"
)

// errHelp: the usage was requested and printed.
var errHelp = flag.ErrHelp

// readConfig reads the flags; their defaults come from the environment.
func readConfig(arguments []string, usage io.Writer) (workflowgraph.WorkerConfig, error) {
	flags := flag.NewFlagSet("workflow-graph-worker", flag.ContinueOnError)
	flags.SetOutput(usage)
	server := flags.String("server", fromEnvironment("SERVER_URL", workflowgraph.DefaultServerURL), "the server's `URL` [SERVER_URL]")
	labels := flags.String("labels", os.Getenv("WORKER_LABELS"), "what this worker can do, as `a,b` [WORKER_LABELS]")
	isOnlyLabelled, err := strconv.ParseBool(fromEnvironment("WORKER_ONLY_LABELLED", "false"))
	if err != nil {
		return workflowgraph.WorkerConfig{}, fmt.Errorf("WORKER_ONLY_LABELLED: %q is neither true nor false", os.Getenv("WORKER_ONLY_LABELLED"))
	}
	onlyLabelled := flags.Bool("only-labelled", isOnlyLabelled, "only jobs that require a label [WORKER_ONLY_LABELLED]")
	slots := flags.String("slots", fromEnvironment("WORKER_SLOTS", "1"), "how many jobs run at once [WORKER_SLOTS]")
	id := flags.String("id", os.Getenv("WORKER_ID"), "the worker's `name`; host name and random characters when empty [WORKER_ID]")
	tokenFile := flags.String("token-file", os.Getenv("WORKFLOW_GRAPH_TOKEN_FILE"), "a `file` with the token that the server wants [WORKFLOW_GRAPH_TOKEN_FILE]; the token itself may be in [WORKFLOW_GRAPH_TOKEN]")
	caFile := flags.String("ca-file", os.Getenv("WORKFLOW_GRAPH_CA_FILE"), "a `file` with the certificates (PEM) of the authority that vouches for an https server [WORKFLOW_GRAPH_CA_FILE]")
	transport := flags.String("transport", "stream", "`stream` or http")
	passEnv := listFlag(splitList(os.Getenv("WORKER_PASS_ENV")))
	flags.Var(&passEnv, "pass-env", "`names` of variables that jobs get too, as `A,B_*`, beside PATH, HOME and the like [WORKER_PASS_ENV]; may be given several times")
	leaseTTL := flags.Duration("lease-ttl", 30*time.Second, "lease time: a job is requeued after this long without a heartbeat")
	workdir := flags.String("workdir", "", "the `directory` that jobs start in; the current one when empty")
	grace := flags.Duration("grace", 10*time.Second, "from asking a job to end to forcing it to")
	drainTimeout := flags.Duration("drain-timeout", time.Minute, "how long jobs can continue after a signal")
	logFormat := flags.String("log-format", "text", "`text` or json")
	if err := flags.Parse(arguments); err != nil {
		return workflowgraph.WorkerConfig{}, err
	}
	if flags.NArg() > 0 {
		return workflowgraph.WorkerConfig{}, fmt.Errorf("what is %q? Everything is given by flags", flags.Arg(0))
	}
	config := workflowgraph.WorkerConfig{
		ServerURL:    *server,
		WorkerID:     *id,
		Labels:       splitList(*labels),
		OnlyLabelled: *onlyLabelled,
		Transport:    workflowgraph.Transport(*transport),
		LeaseTTL:     *leaseTTL,
		Grace:        orNone(*grace),
		DrainTimeout: orNone(*drainTimeout),
		Workdir:      *workdir,
		PassEnv:      passEnv,
	}
	if config.Slots, err = strconv.Atoi(*slots); err != nil || config.Slots < 1 {
		return config, fmt.Errorf("-slots: %q is not a whole number from 1", *slots)
	}
	if info, err := os.Stat(*workdir); *workdir != "" && (err != nil || !info.IsDir()) {
		return config, fmt.Errorf("-workdir: %s is not a directory", *workdir)
	}
	if config.Token, err = readToken(*tokenFile); err != nil {
		return config, err
	}
	if *caFile != "" {
		if config.TLS, err = workflowgraph.TrustFile(*caFile); err != nil {
			return config, fmt.Errorf("-ca-file: %w", err)
		}
	}
	config.Logger, err = newLogger(*logFormat)
	return config, err
}

func newLogger(format string) (*slog.Logger, error) {
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(os.Stdout, nil)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(os.Stdout, nil)), nil
	}
	return nil, fmt.Errorf(`-log-format must be "text" or "json", and is %q`, format)
}

func readToken(file string) (string, error) {
	if file == "" {
		return os.Getenv("WORKFLOW_GRAPH_TOKEN"), nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("-token-file: %w", err)
	}
	token := strings.TrimSpace(string(data))
	if token == "" {
		return "", errors.New("-token-file: " + file + " is empty")
	}
	return token, nil
}

func splitList(text string) []string {
	var entries []string
	for entry := range strings.SplitSeq(text, ",") {
		if entry = strings.TrimSpace(entry); entry != "" {
			entries = append(entries, entry)
		}
	}
	return entries
}

// listFlag adds the entries of each use to those of the environment.
type listFlag []string

func (l *listFlag) String() string { return strings.Join(*l, ",") }

func (l *listFlag) Set(text string) error {
	*l = append(*l, splitList(text)...)
	return nil
}

// orNone: a flag of 0 means none, a config's 0 means the default.
func orNone(wait time.Duration) time.Duration {
	if wait == 0 {
		return -1
	}
	return wait
}

func fromEnvironment(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
