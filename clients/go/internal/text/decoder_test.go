package text

import (
	"strings"
	"testing"
)

func TestBytesThatAreNoUTF8BecomeReplacementsHoweverTheyAreCut(t *testing.T) {
	for _, row := range []struct{ name, bytes, want string }{
		{"plain", "plain text", "plain text"},
		{"two to four bytes", "aé€😀z", "aé€😀z"},
		{"a single byte", "a\xffb", "a\uFFFDb"},
		{"a cut character", "a\xe2\x82b", "a\uFFFDb"},
		{"a cut character of four", "\xf0\x9f\x98!", "\uFFFD!"},
		{"two bytes that begin nothing", "\x80\x80", "\uFFFD\uFFFD"},
		{"a surrogate", "\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},
		{"overlong", "\xc0\xaf", "\uFFFD\uFFFD"},
		{"the end is missing", "a\xe2\x82", "a\uFFFD"},
		{"a byte order mark", "\uFEFFa", "\uFEFFa"},
		{"a begun character before another", "\xe2\xe2\x82\xac", "\uFFFD€"},
	} {
		for step := 1; step <= len(row.bytes); step++ {
			var decoder Decoder
			var got strings.Builder
			for from := 0; from < len(row.bytes); from += step {
				got.Write(decoder.Decode([]byte(row.bytes[from:min(len(row.bytes), from+step)])))
			}
			got.Write(decoder.Flush())
			if got.String() != row.want {
				t.Errorf("%s in steps of %d: got %q, want %q", row.name, step, got.String(), row.want)
			}
		}
	}
}

func TestTextIsNeverCutInsideACharacter(t *testing.T) {
	parts := Cut([]byte("ab€cd😀"), 4)
	got := make([]string, len(parts))
	for i, part := range parts {
		got[i] = string(part)
	}
	if strings.Join(got, "|") != "ab|€c|d|😀" {
		t.Errorf("got %q", got)
	}
	if head := Head("a€😀z", 3); head != "a€😀" {
		t.Errorf("Head gave %q", head)
	}
}
