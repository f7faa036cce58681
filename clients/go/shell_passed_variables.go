package workflowgraph

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
)

// alwaysPassed are the variables of the worker's environment that every shell job gets. A "*" at the end matches any
// characters.
var alwaysPassed = []string{"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "TERM"}

// neverPassed are the settings of the worker and the server, such as addresses and tokens.
var neverPassed = []string{"SERVER_URL", "DATABASE_URL", "DATABASE_LISTEN_URL", "WORKER_*", "WORKFLOW_GRAPH_*"}

// passedVariables are the variables of this process that a job gets: always the same few, and those that are named too.
// None has a secret in its value.
func passedVariables(named []string, secrets []string) map[string]string {
	variables := make(map[string]string)
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		isNamed := matchesAny(alwaysPassed, name) || matchesAny(named, name)
		if isNamed && !matchesAny(neverPassed, name) && !containsAny(value, secrets) {
			variables[name] = value
		}
	}
	return variables
}

// checkPassEnv refuses invalid names, and variables that are never passed.
func checkPassEnv(names []string) error {
	for _, name := range names {
		prefix := strings.TrimSuffix(name, "*")
		switch {
		case name == "" || strings.ContainsAny(prefix, "*=\x00 "):
			return &ConfigError{"PassEnv", fmt.Sprintf(`has %q: write the name of a variable, or the beginning of names and "*"`, name)}
		case matchesAny(neverPassed, prefix) && prefix == name, name == "WORKER_*", name == "WORKFLOW_GRAPH_*":
			return &ConfigError{"PassEnv", fmt.Sprintf("has %s: it is a setting of workflow-graph and is never passed to jobs; set it in the workflow's env instead", name)}
		}
	}
	return nil
}

func matchesAny(patterns []string, name string) bool {
	return name != "" && slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, name) })
}

func matches(pattern, name string) bool {
	if runtime.GOOS == "windows" {
		// Names have no case there.
		pattern, name = strings.ToUpper(pattern), strings.ToUpper(name)
	}
	prefix, isPrefix := strings.CutSuffix(pattern, "*")
	return name == pattern || isPrefix && strings.HasPrefix(name, prefix)
}

func containsAny(text string, secrets []string) bool {
	return slices.ContainsFunc(secrets, func(secret string) bool { return secret != "" && strings.Contains(text, secret) })
}
