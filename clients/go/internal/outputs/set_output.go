// Package outputs reads the outputs of shell jobs.
package outputs

import "bytes"

var prefix = []byte("::set-output ")

// lineBytesMax is the maximum length of a line that sets an output; the rest of a longer one is ignored.
const lineBytesMax = 1024 * 1024

// Scanner finds "::set-output key=value" lines in a job's stdout as it comes. The last value of a key counts. The zero
// value is ready.
type Scanner struct {
	found map[string]string
	line  []byte
	// The line under way cannot set an output.
	skipping bool
}

// Write takes the next piece of stdout.
func (s *Scanner) Write(text []byte) {
	for {
		end := bytes.IndexByte(text, '\n')
		if end == -1 {
			s.extend(text)
			return
		}
		s.extend(text[:end])
		s.endLine()
		text = text[end+1:]
	}
}

// Outputs are those found. The last line may lack its newline, so it is called when nothing more comes.
func (s *Scanner) Outputs() map[string]string {
	s.endLine()
	return s.found
}

func (s *Scanner) extend(text []byte) {
	if s.skipping || len(text) == 0 {
		return
	}
	s.line = append(s.line, text[:min(len(text), lineBytesMax+1-len(s.line))]...)
	known := min(len(s.line), len(prefix))
	if !bytes.Equal(s.line[:known], prefix[:known]) || len(s.line) > lineBytesMax {
		s.skipping = true
	}
}

func (s *Scanner) endLine() {
	if !s.skipping {
		line := bytes.TrimSuffix(s.line, []byte("\r"))
		if rest, ok := bytes.CutPrefix(line, prefix); ok {
			if key, value, ok := bytes.Cut(rest, []byte("=")); ok && len(key) > 0 {
				if s.found == nil {
					s.found = make(map[string]string)
				}
				s.found[string(key)] = string(value)
			}
		}
	}
	s.line = s.line[:0]
	s.skipping = false
}
