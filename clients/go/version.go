package workflowgraph

import (
	"runtime"
	"strings"
)

// Version is the version of this module.
const Version = "0.1.0"

// userAgent is how this module names itself to servers.
var userAgent = "workflow-graph-client-go/" + Version + " go/" + strings.TrimPrefix(runtime.Version(), "go")
