package workflowgraph

import (
	"os"
	"strconv"
	"time"
)

// within is a bound that suits this machine: TEST_TIME_FACTOR says how many times as long as on the reference machine
// things take here, and `npm test` measures it.
func within(bound time.Duration) time.Duration {
	return time.Duration(float64(bound) * timeFactor())
}

// stretched is a duration that is worth waiting for, such as the life of a lease: longer on a slow machine, but not by
// much.
func stretched(wait time.Duration) time.Duration {
	return wait * time.Duration(min(5, max(1, int(timeFactor()/5+0.5))))
}

func timeFactor() float64 {
	if factor, err := strconv.ParseFloat(os.Getenv("TEST_TIME_FACTOR"), 64); err == nil && factor > 1 {
		return factor
	}
	return 1
}
