// Package backoff computes the delays between retries.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	delayMin = 250 * time.Millisecond
	delayMax = 10 * time.Second
)

// Backoff returns delays that double from a quarter of a second to ten seconds, with jitter over the upper half, so
// that workers do not retry in step. The zero value is ready to use.
type Backoff struct{ full time.Duration }

// Reset restarts with the shortest delay.
func (b *Backoff) Reset() { b.full = 0 }

// Next returns the next delay.
func (b *Backoff) Next() time.Duration {
	b.full = min(delayMax, max(delayMin, 2*b.full))
	return b.full/2 + rand.N(b.full/2)
}

// Sleep waits. The end of the context ends the wait early.
func Sleep(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
