//go:build unix

package outputs

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestWhatIsNoRegularFileIsRefusedAndNotRead(t *testing.T) {
	regular := filepath.Join(t.TempDir(), "regular")
	if err := os.WriteFile(regular, []byte("k=v\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, replace := range map[string]func(path string) error{
		"a FIFO":              func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a link to /dev/zero": func(path string) error { return os.Symlink("/dev/zero", path) },
		"a link to a FIFO":    func(path string) error { return linkToFIFO(path) },
		"a link to a file":    func(path string) error { return os.Symlink(regular, path) },
		"a link to nothing":   func(path string) error { return os.Symlink("/nowhere", path) },
		"a directory":         func(path string) error { return os.Mkdir(path, 0o700) },
		"a socket":            listen,
		"a link in a ring":    func(path string) error { return os.Symlink(path, path) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "outputs")
			if err := replace(path); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() {
				_, err := ReadFile(path)
				ended <- err
			}()
			select {
			case err := <-ended:
				if err == nil || !strings.Contains(err.Error(), "not a regular file") {
					t.Errorf("%v", err)
				}
			case <-time.After(30 * time.Second):
				t.Fatal("the reader waits")
			}
		})
	}
}

func linkToFIFO(path string) error {
	fifo := path + ".fifo"
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		return err
	}
	return os.Symlink(fifo, path)
}

// listen leaves its socket in the folder.
func listen(path string) error {
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return err
	}
	listener.SetUnlinkOnClose(false)
	return listener.Close()
}
