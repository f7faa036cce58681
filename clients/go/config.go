package workflowgraph

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// DefaultServerURL is where a server is when a config does not say.
const DefaultServerURL = "http://localhost:3000"

// Transport is how a worker talks to its server.
type Transport string

const (
	// TransportStream has jobs pushed over gRPC streams. Where they cannot be had, such as behind a proxy that does not
	// speak HTTP/2, the worker says so once and goes on with TransportHTTP.
	TransportStream Transport = "stream"
	// TransportHTTP asks for jobs by plain HTTP calls that wait at the server.
	TransportHTTP Transport = "http"
)

// WorkerConfig says how a worker works. The zero value of each field is its default; a negative duration is none.
type WorkerConfig struct {
	// ServerURL is http:// or https://, host and port; DefaultServerURL when empty. A path prefix is kept.
	ServerURL string
	// WorkerID is the worker's name; the host's name and random characters when empty.
	WorkerID string
	// Labels say what the worker can do: it is handed only jobs whose required labels are all among these.
	Labels []string
	// Slots is how many jobs run at once; 1 when zero.
	Slots int
	// Executor runs a job; a ShellExecutor when nil.
	Executor Executor
	// Token is a bearer token with the worker scope, when the server wants one.
	Token string
	// TLS is for https; the system's trusted authorities when nil. TrustFile makes one for an authority of your own.
	TLS *tls.Config
	// Transport is TransportStream when empty.
	Transport Transport
	// LeaseTTL is how long a job stays with a worker that is not heard of, in whole seconds from one to a day; 30 seconds
	// when zero.
	LeaseTTL time.Duration
	// ClaimWait is how long a claim over plain HTTP waits at the server, a minute at most; 20 seconds when zero.
	ClaimWait time.Duration
	// HeartbeatInterval is how often a lease is renewed; a third of its time to live when zero, and never more than that.
	HeartbeatInterval time.Duration
	// LogBatchInterval is how long output waits for more before it is sent; 200 milliseconds when zero.
	LogBatchInterval time.Duration
	// LogBatchBytes is how much output is sent at once, from 1 KiB to 1 MiB; 64 KiB when zero.
	LogBatchBytes int
	// UnsentLogBytes bounds the output that waits to be sent: with more than this a job has to wait with writing; 4 MiB when
	// zero.
	UnsentLogBytes int
	// Grace is from asking a job to end (the context, SIGTERM) to ending it by force; 10 seconds when zero.
	Grace time.Duration
	// DrainTimeout is how long running jobs may go on when the worker is stopped; a minute when zero.
	DrainTimeout time.Duration
	// Workdir is where shell jobs start; this process's own when empty. For the default executor only.
	Workdir string
	// Logger takes what happens; slog.Default() when nil.
	Logger *slog.Logger
}

// settings are a WorkerConfig with nothing missing and nothing wrong.
type settings struct {
	WorkerConfig
	server *url.URL
}

func newSettings(config WorkerConfig) (settings, error) {
	server, err := parseServerURL(config.ServerURL)
	if err != nil {
		return settings{}, err
	}
	config.ServerURL = server.String()
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
		shell := &ShellExecutor{Workdir: config.Workdir, Grace: config.Grace}
		if config.Token != "" {
			shell.Secrets = []string{config.Token}
		}
		config.Executor = shell
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
	const day = 24 * time.Hour
	switch {
	case len(config.Labels) > 64:
		return &ConfigError{"Labels", fmt.Sprintf("are %d; at most 64 are taken", len(config.Labels))}
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

// parseServerURL gives the URL without a slash at its end.
func parseServerURL(text string) (*url.URL, error) {
	if text == "" {
		text = DefaultServerURL
	}
	parsed, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
		return nil, &ConfigError{"ServerURL", fmt.Sprintf("%q is not a server's: write it as http://host:port or https://host", text)}
	}
	return &url.URL{Scheme: parsed.Scheme, Host: parsed.Host, Path: parsed.Path}, nil
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
