package outputs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"workflowgraph.dev/client/internal/text"
)

// fileBytesMax bounds an outputs file.
const fileBytesMax = 1024 * 1024

var errNotRegular = errors.New("outputs file: not a regular file; append lines to the file that $WORKFLOW_GRAPH_OUTPUT names, do not replace it")

var byteOrderMark = []byte("\uFEFF")

// ReadFile reads a job's outputs file, as ParseFile says. A file that the job removed has no outputs. The job controls
// the path, so a FIFO, a link or a device there must not block the reader or fill its memory.
func ReadFile(path string) (map[string]string, error) {
	file, err := openFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("outputs file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	// A process that the job left behind may still append.
	data, err := io.ReadAll(io.LimitReader(file, fileBytesMax+1))
	if err != nil {
		return nil, fmt.Errorf("outputs file: %w", err)
	}
	if len(data) > fileBytesMax {
		bytes := max(info.Size(), int64(len(data)))
		return nil, fmt.Errorf("the outputs file has %d bytes; at most %d are taken", bytes, fileBytesMax)
	}
	return ParseFile(decode(data))
}

func decode(data []byte) string {
	var decoder text.Decoder
	valid := decoder.Decode(bytes.TrimPrefix(data, byteOrderMark))
	return string(valid) + string(decoder.Flush())
}

// openError explains an error of opening the path.
func openError(path string, err error) error {
	if info, statErr := os.Lstat(path); statErr == nil && !info.Mode().IsRegular() {
		return errNotRegular
	}
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fmt.Errorf("outputs file: %w", err)
}

// ParseFile reads lines key=value, and for values of several lines
//
//	key<<END
//	first line
//	second line
//	END
//
// where END is any text. Empty lines are skipped; the last value of a key wins.
func ParseFile(text string) (map[string]string, error) {
	found := make(map[string]string)
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if line == "" {
			continue
		}
		equals := strings.Index(line, "=")
		heredoc := strings.Index(line, "<<")
		switch {
		case heredoc > 0 && (equals == -1 || heredoc < equals):
			end, err := endOf(lines, i, line[heredoc+2:])
			if err != nil {
				return nil, err
			}
			found[line[:heredoc]] = strings.Join(lines[i+1:end], "\n")
			i = end
		case equals > 0:
			found[line[:equals]] = line[equals+1:]
		default:
			return nil, fmt.Errorf("outputs file, line %d: expected key=value or key<<END", i+1)
		}
	}
	return found, nil
}

func endOf(lines []string, begin int, mark string) (int, error) {
	if mark == "" {
		return 0, fmt.Errorf(`outputs file, line %d: "<<" needs an end mark after it`, begin+1)
	}
	for i := begin + 1; i < len(lines); i++ {
		if lines[i] == mark {
			return i, nil
		}
	}
	return 0, fmt.Errorf("outputs file, line %d: the end mark %q does not follow", begin+1, mark)
}
