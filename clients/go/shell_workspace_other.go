//go:build !unix

package workflowgraph

import "errors"

var shellFeatures = []string{FeatureExitCodes}

type freshWorkspace struct{ path string }

func makeFreshWorkspace() (*freshWorkspace, error) {
	return nil, errors.New("this system has no named pipes")
}

func (w *freshWorkspace) remove() {}

func sweepWorkspaces() {}
