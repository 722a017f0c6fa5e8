package username

import "unicode"

// mixtures are the scripts that people write together in one word (UTS #39, section 5.2, Highly Restrictive).
var mixtures = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"},
	{"Latin", "Han", "Bopomofo"},
	{"Latin", "Han", "Hangul"},
}

// oneScript reports whether all letters, marks and digits belong to one script or to a usual mixture: a Cyrillic
// look-alike cannot replace one letter of a Latin name. Skeleton finds that only when the other name has an account.
// Characters of no script, such as ASCII digits and signs, go with any.
func oneScript(name string) bool {
	used := map[string]bool{}
	for _, r := range name {
		if script := scriptOf(r); script != "" {
			used[script] = true
		}
	}
	if len(used) <= 1 {
		return true
	}
	for _, mixture := range mixtures {
		if within(used, mixture) {
			return true
		}
	}
	return false
}

func scriptOf(r rune) string {
	if r <= unicode.MaxASCII {
		if unicode.IsLetter(r) {
			return "Latin"
		}
		return ""
	}
	for script, table := range unicode.Scripts {
		if script != "Common" && script != "Inherited" && unicode.Is(table, r) {
			return script
		}
	}
	return ""
}

func within(used map[string]bool, mixture []string) bool {
	count := 0
	for _, script := range mixture {
		if used[script] {
			count++
		}
	}
	return count == len(used)
}
