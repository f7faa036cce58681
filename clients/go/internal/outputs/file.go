package outputs

import (
	"fmt"
	"os"
	"strings"
)

// fileBytesMax bounds an outputs file.
const fileBytesMax = 1024 * 1024

// ReadFile reads a job's outputs file, as ParseFile says.
func ReadFile(path string) (map[string]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > fileBytesMax {
		return nil, fmt.Errorf("the outputs file has %d bytes; at most %d are taken", info.Size(), fileBytesMax)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseFile(string(data))
}

// ParseFile reads lines key=value, and for values of several lines
//
//	key<<END
//	first line
//	second line
//	END
//
// where END is any text. Empty lines are passed over; the last value of a key counts.
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
