package workflowgraph

import (
	"log/slog"
	"sync"
	"time"
)

// presence tracks whether the server is reachable, and logs each change once, whichever part of the worker detects it.
type presence struct {
	serverURL string
	logger    *slog.Logger

	mutex     sync.Mutex
	awaySince time.Time
	returned  chan struct{}
}

func newPresence(serverURL string, logger *slog.Logger) *presence {
	return &presence{serverURL: serverURL, logger: logger, returned: make(chan struct{})}
}

func (p *presence) away(err error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !p.awaySince.IsZero() {
		return
	}
	p.awaySince = time.Now()
	p.logger.Warn("server is away, retrying", "server", p.serverURL, "error", err)
}

func (p *presence) back() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.awaySince.IsZero() {
		return
	}
	p.logger.Info("server is back", "server", p.serverURL, "away", time.Since(p.awaySince).Round(time.Millisecond))
	p.awaySince = time.Time{}
	close(p.returned)
	p.returned = make(chan struct{})
}

// isBack is closed when the server comes back the next time.
func (p *presence) isBack() <-chan struct{} {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.returned
}
