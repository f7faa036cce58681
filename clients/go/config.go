package workflowgraph

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"time"
	"unicode/utf8"
)

// DefaultServerURL is the server's URL when a config has none.
const DefaultServerURL = "http://localhost:3000"

// Transport is the protocol between a worker and its server.
type Transport string

const (
	// TransportStream pushes jobs over gRPC streams. If they are not available, for example behind a proxy without
	// HTTP/2, the worker logs that once and uses TransportHTTP.
	TransportStream Transport = "stream"
	// TransportHTTP claims jobs with long polls over plain HTTP.
	TransportHTTP Transport = "http"
)

// WorkerConfig configures a Worker. A field's zero value means its default; a negative duration disables it.
type WorkerConfig struct {
	// ServerURL is http:// or https://, host and port; DefaultServerURL when empty. A path prefix is kept. Without a
	// Token, a user and a password in it are sent as basic authorisation; they are not logged.
	ServerURL string
	// WorkerID is the worker's id; the host's name and random characters when empty.
	WorkerID string
	// Labels are the worker's labels: it gets only jobs whose required labels it has.
	Labels []string
	// OnlyLabelled reserves the worker for jobs that require a label.
	OnlyLabelled bool
	// Slots is how many jobs run at once; 1 when zero.
	Slots int
	// Executor runs a job; a ShellExecutor when nil.
	Executor Executor
	// Token is a bearer token with the worker scope, if the server requires one.
	Token string
	// TLS is for https; the system's trusted authorities when nil. TrustFile creates one for your own authority.
	TLS *tls.Config
	// Transport is TransportStream when empty.
	Transport Transport
	// LeaseTTL is the lease time: a job is requeued after this long without a heartbeat. Whole seconds, from one to a
	// day; 30 seconds when zero.
	LeaseTTL time.Duration
	// ClaimWait is how long a claim over plain HTTP waits at the server, at most a minute; 20 seconds when zero.
	ClaimWait time.Duration
	// HeartbeatInterval is how often a lease is renewed; a third of its time to live when zero, and never more than that.
	HeartbeatInterval time.Duration
	// LogBatchInterval is how long output is batched before it is sent; 200 milliseconds when zero.
	LogBatchInterval time.Duration
	// LogBatchBytes is how much output is sent at once, from 1 KiB to 1 MiB; 64 KiB when zero.
	LogBatchBytes int
	// UnsentLogBytes bounds the unsent output: with more than this, writing to the log blocks; 4 MiB when zero.
	UnsentLogBytes int
	// Grace is the time between asking a job to stop (the context, SIGTERM) and killing it; 10 seconds when zero.
	Grace time.Duration
	// DrainTimeout is how long running jobs can continue after the worker is stopped; a minute when zero.
	DrainTimeout time.Duration
	// Workdir is the working directory of shell jobs; this process's own when empty. For the default executor only.
	Workdir string
	// PassEnv names additional variables of this process for shell jobs; see ShellExecutor. For the default executor
	// only.
	PassEnv []string
	// Logger receives the log; slog.Default() when nil.
	Logger *slog.Logger
}

// settings are a complete, validated WorkerConfig.
type settings struct {
	WorkerConfig
	server serverAddress
}

func newSettings(config WorkerConfig) (settings, error) {
	server, err := parseServerURL(config.ServerURL, config.Token)
	if err != nil {
		return settings{}, err
	}
	config.ServerURL = server.url.String()
	if config.WorkerID == "" {
		config.WorkerID = defaultWorkerID()
	}
	if config.Transport == "" {
		config.Transport = TransportStream
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	config.Labels = append([]string{}, config.Labels...)
	setDefault(&config.Slots, 1)
	setDefault(&config.LogBatchBytes, 64*1024)
	setDefault(&config.UnsentLogBytes, 4*1024*1024)
	setDefault(&config.LeaseTTL, 30*time.Second)
	setDefault(&config.ClaimWait, 20*time.Second)
	setDefault(&config.LogBatchInterval, 200*time.Millisecond)
	setDefault(&config.Grace, 10*time.Second)
	setDefault(&config.DrainTimeout, time.Minute)
	if err := check(config); err != nil {
		return settings{}, err
	}
	if config.Executor == nil {
		config.Executor = &ShellExecutor{
			Workdir: config.Workdir,
			Grace:   config.Grace,
			PassEnv: config.PassEnv,
			Secrets: server.secrets,
		}
	}
	return settings{WorkerConfig: config, server: server}, nil
}

func check(config WorkerConfig) error {
	if err := checkText("WorkerID", config.WorkerID, 200); err != nil {
		return err
	}
	for _, label := range config.Labels {
		if err := checkText("Labels", label, 100); err != nil {
			return err
		}
	}
	if err := checkPassEnv(config.PassEnv); err != nil {
		return err
	}
	if shell, isShell := config.Executor.(*ShellExecutor); isShell {
		if err := checkPassEnv(shell.PassEnv); err != nil {
			return err
		}
	}
	const day = 24 * time.Hour
	switch {
	case len(config.Labels) > 64:
		return &ConfigError{"Labels", fmt.Sprintf("are %d; at most 64 are taken", len(config.Labels))}
	case config.OnlyLabelled && len(config.Labels) == 0:
		return &ConfigError{"OnlyLabelled", "is set and Labels are empty, so the worker would never get a job: give it labels"}
	case config.Transport != TransportStream && config.Transport != TransportHTTP:
		return &ConfigError{"Transport", fmt.Sprintf(`must be "stream" or "http", and is %q`, config.Transport)}
	case config.Slots < 1 || config.Slots > 10_000:
		return &ConfigError{"Slots", fmt.Sprintf("must be from 1 to 10000, and is %d", config.Slots)}
	case config.LeaseTTL%time.Second != 0 || config.LeaseTTL < time.Second || config.LeaseTTL > day:
		return &ConfigError{"LeaseTTL", fmt.Sprintf("must be whole seconds from 1 s to 24 h, and is %v", config.LeaseTTL)}
	case config.ClaimWait > time.Minute:
		return &ConfigError{"ClaimWait", fmt.Sprintf("must be at most a minute, and is %v", config.ClaimWait)}
	case config.HeartbeatInterval < 0 || config.HeartbeatInterval > 0 && config.HeartbeatInterval < 10*time.Millisecond:
		return &ConfigError{"HeartbeatInterval", fmt.Sprintf("must be at least 10 ms, and is %v", config.HeartbeatInterval)}
	case config.LogBatchBytes < 1024 || config.LogBatchBytes > 1024*1024:
		return &ConfigError{"LogBatchBytes", fmt.Sprintf("must be from 1024 to 1048576, and is %d", config.LogBatchBytes)}
	case config.UnsentLogBytes < 1024:
		return &ConfigError{"UnsentLogBytes", fmt.Sprintf("must be at least 1024, and is %d", config.UnsentLogBytes)}
	}
	return nil
}

func checkText(field, text string, charactersMax int) error {
	if count := utf8.RuneCountInString(text); count == 0 || count > charactersMax || !utf8.ValidString(text) {
		return &ConfigError{field, fmt.Sprintf("%.50q must have 1 to %d characters", text, charactersMax)}
	}
	return nil
}

func setDefault[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

func defaultWorkerID() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "worker"
	}
	random := make([]byte, 4)
	_, _ = rand.Read(random)
	return fmt.Sprintf("%.100s-%s", host, hex.EncodeToString(random))
}
