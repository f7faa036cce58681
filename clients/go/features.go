package workflowgraph

// Labels that the server requires of a worker for keys of a job that need its help. A worker offers those of its
// executor in addition to its own labels.
const (
	// FeatureExitCodes: a command that failed is reported with its exit code; see [ExitError].
	FeatureExitCodes = "feature:exit-codes"
	// FeatureWorkspace: a job that requires this label runs in its own empty directory, which is deleted afterwards.
	FeatureWorkspace = "feature:workspace"
)

// Featured is an Executor that can do more than run a job.
type Featured interface {
	// Features are labels such as FeatureExitCodes.
	Features() []string
}

// offeredLabels are those of the worker and those of its executor.
func (c *WorkerConfig) offeredLabels() []string {
	featured, ok := c.Executor.(Featured)
	if !ok {
		return c.Labels
	}
	return append(append([]string{}, c.Labels...), featured.Features()...)
}
