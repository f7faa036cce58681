module example.com/workflow-graph-worker

go 1.19
