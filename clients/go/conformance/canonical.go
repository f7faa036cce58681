package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	workflowgraph "workflowgraph.dev/client"
)

// canonicalTexts writes a map of texts as JSON with sorted keys, no blanks, and no escape that JSON does not need.
// encoding/json escapes more than that.
func canonicalTexts(texts map[string]string) string { return canonical(texts, quoted) }

// canonicalOutputs does the same for a map of such maps.
func canonicalOutputs(outputs map[string]workflowgraph.Outputs) string {
	return canonical(outputs, func(texts workflowgraph.Outputs) string { return canonicalTexts(texts) })
}

func canonical[Value any](values map[string]Value, written func(Value) string) string {
	var text strings.Builder
	text.WriteByte('{')
	for i, key := range slices.Sorted(maps.Keys(values)) {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(quoted(key))
		text.WriteByte(':')
		text.WriteString(written(values[key]))
	}
	text.WriteByte('}')
	return text.String()
}

func quoted(value string) string {
	var text strings.Builder
	text.WriteByte('"')
	for _, r := range value {
		switch {
		case r == '"' || r == '\\':
			text.WriteByte('\\')
			text.WriteRune(r)
		case r == '\b':
			text.WriteString(`\b`)
		case r == '\f':
			text.WriteString(`\f`)
		case r == '\n':
			text.WriteString(`\n`)
		case r == '\r':
			text.WriteString(`\r`)
		case r == '\t':
			text.WriteString(`\t`)
		case r < ' ':
			fmt.Fprintf(&text, `\u%04x`, r)
		default:
			text.WriteRune(r)
		}
	}
	text.WriteByte('"')
	return text.String()
}
