// Package text makes text of bytes, and cuts it.
package text

import "unicode/utf8"

const replacement = "\uFFFD"

// Decoder makes UTF-8 of bytes that come in pieces. What is no UTF-8 becomes U+FFFD, one for each longest beginning of a
// character that is not one, as the WHATWG's decoder does. The zero value is ready.
type Decoder struct{ rest []byte }

// Decode returns the text of all bytes except those that may be the beginning of a character.
func (d *Decoder) Decode(data []byte) []byte {
	if len(d.rest) > 0 {
		data = append(d.rest, data...)
		d.rest = nil
	}
	cut := len(data) - incompleteTail(data)
	if cut < len(data) {
		d.rest = append([]byte(nil), data[cut:]...)
	}
	return clean(data[:cut])
}

// Flush returns the rest when no more bytes follow.
func (d *Decoder) Flush() []byte {
	rest := d.rest
	d.rest = nil
	return clean(rest)
}

// incompleteTail counts the bytes at the end that are the beginning of a character whose other bytes may follow.
func incompleteTail(data []byte) int {
	for n := 1; n <= min(3, len(data)); n++ {
		tail := data[len(data)-n:]
		if !utf8.RuneStart(tail[0]) {
			continue
		}
		if tail[0] >= 0xC0 && !utf8.FullRune(tail) {
			return n
		}
		return 0
	}
	return 0
}

func clean(data []byte) []byte {
	if utf8.Valid(data) {
		return data
	}
	cleaned := make([]byte, 0, len(data)+len(data)/2)
	for len(data) > 0 {
		r, width := utf8.DecodeRune(data)
		if r == utf8.RuneError && width == 1 {
			cleaned = append(cleaned, replacement...)
			width = brokenWidth(data)
		} else {
			cleaned = append(cleaned, data[:width]...)
		}
		data = data[width:]
	}
	return cleaned
}

// brokenWidth is the length of the longest beginning of a character, at the start of data, that cannot become one.
func brokenWidth(data []byte) int {
	for width := 1; width < min(4, len(data)); width++ {
		if utf8.FullRune(data[:width]) {
			return width
		}
		if utf8.FullRune(data[:width+1]) {
			// The next byte ended it: it belongs to what follows.
			return width
		}
	}
	return max(1, min(3, len(data)))
}

// Cut splits the text into parts of at most this many bytes (4 at least), never inside a character.
func Cut(valid []byte, bytesMax int) [][]byte {
	bytesMax = max(utf8.UTFMax, bytesMax)
	var parts [][]byte
	for len(valid) > bytesMax {
		to := bytesMax
		for !utf8.RuneStart(valid[to]) {
			to--
		}
		parts = append(parts, valid[:to])
		valid = valid[to:]
	}
	if len(valid) > 0 {
		parts = append(parts, valid)
	}
	return parts
}

// Head returns at most this many characters from the beginning.
func Head(text string, charactersMax int) string {
	for i := range text {
		if charactersMax == 0 {
			return text[:i]
		}
		charactersMax--
	}
	return text
}
