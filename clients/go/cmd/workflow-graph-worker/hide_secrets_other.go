//go:build !unix

package main

import "os"

func hideSecrets() { os.Unsetenv("DATABASE_URL") }
