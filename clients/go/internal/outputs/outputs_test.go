package outputs

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSetOutputLinesAreFoundHoweverTheyAreCut(t *testing.T) {
	text := "hello\n::set-output version=1.2=3\r\n ::set-output no=indented\n::set-output =nokey\n::set-output plain\n" +
		"x::set-output no=middle\n::set-output twice=a\n::set-output twice=b\n::set-output last=line"
	want := map[string]string{"version": "1.2=3", "twice": "b", "last": "line"}
	for step := 1; step <= len(text); step++ {
		var scanner Scanner
		for from := 0; from < len(text); from += step {
			scanner.Write([]byte(text[from:min(len(text), from+step)]))
		}
		if got := scanner.Outputs(); !maps.Equal(got, want) {
			t.Fatalf("in steps of %d: %v", step, got)
		}
	}
}

func TestALineWithoutEndTakesBoundedMemory(t *testing.T) {
	var scanner Scanner
	scanner.Write([]byte("::set-output big="))
	for range 64 {
		scanner.Write(make([]byte, 64*1024))
	}
	if cap(scanner.line) > 4*lineBytesMax || len(scanner.Outputs()) != 0 {
		t.Errorf("kept %d bytes", cap(scanner.line))
	}
}

func TestTheOutputsFile(t *testing.T) {
	got, err := ParseFile("a=1\r\n\nb<<END\nfirst\n\nk=v\nEND\nc==<<x\na=2\n")
	want := map[string]string{"a": "2", "b": "first\n\nk=v", "c": "=<<x"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	for text, complaint := range map[string]string{
		"a=1\nnonsense":  "line 2: expected key=value",
		"=x":             "line 1: expected key=value",
		"a<<\nx":         "needs an end mark",
		"a<<END\nx\ny\n": `the end mark "END" does not follow`,
	} {
		if _, err := ParseFile(text); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAFileThatTheJobRemovedHasNoOutputs(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "outputs"), filepath.Join(t.TempDir(), "gone", "outputs")} {
		if got, err := ReadFile(path); err != nil || len(got) != 0 {
			t.Errorf("got %v, %v", got, err)
		}
	}
}

func TestABrokenByteIsOneReplacementCharacterAndAByteOrderMarkIsNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outputs")
	if err := os.WriteFile(path, []byte("\xEF\xBB\xBFk=a\xffb\n\xEF\xBB\xBFsecond=kept\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ReadFile(path)
	if want := map[string]string{"k": "a\uFFFDb", "\uFEFFsecond": "kept"}; err != nil || !maps.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestKeysAreTakenAsTheyAre(t *testing.T) {
	got, err := ParseFile("__proto__=1\nconstructor=2\ntoString<<E\n3\nE\n ключ \t\x01=4\n")
	want := map[string]string{"__proto__": "1", "constructor": "2", "toString": "3", " ключ \t\x01": "4"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
}
