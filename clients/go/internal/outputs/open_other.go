//go:build !unix

package outputs

import "os"

// openFile looks before it opens: these systems can do no better.
func openFile(path string) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, openError(path, err)
	}
	return file, nil
}
