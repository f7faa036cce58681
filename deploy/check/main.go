// Check reads the files of deploy/ with the very libraries of Docker Compose and of Helm, so that neither of the two
// programs has to be installed:
//
//	check compose FILE                     loads a compose file as "docker compose config" does
//	check chart FOLDER [NAME=VALUE ...]    lints a chart as "helm lint --strict" does, prints its objects with these
//	                                       values set as "helm template flow" does, and reads each of them strictly
//	                                       as an object of Kubernetes
//
// It ends with 1 and says what is wrong, and where.
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 2 && args[0] == "compose" {
		return checkCompose(args[1])
	}
	if len(args) >= 2 && args[0] == "chart" {
		return checkChart(args[1], args[2:])
	}
	return errors.New("usage: check compose FILE | check chart FOLDER [NAME=VALUE ...]")
}
