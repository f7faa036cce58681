// Package workflowgraph is the client of workflow-graph, a job server that runs DAGs of jobs on workers: a worker SDK, and
// a client to create workflows, start runs and inspect them.
//
// A [Worker] takes jobs from a server and runs each with an [Executor]: your own, or a [ShellExecutor], which runs the
// job's command with "sh -c". It renews the leases of its jobs, sends their logs, handles their cancellation, and
// reports their results, even after an outage of the server. Jobs are pushed to it over gRPC streams, or claimed over
// plain HTTP if streams are not available.
//
// A [Client] creates workflows, starts runs, waits for them, watches them and reads their logs.
//
// The messages and gRPC stubs of all services are in workflowgraph.dev/client/gen/workflowgraph/v1.
package workflowgraph
