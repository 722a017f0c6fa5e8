package components

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// Person is an account as pages name it.
type Person struct {
	// Username is the canonical name, for addresses; Name is as it was typed when the account was made.
	Username string
	Name     string
}

// casers are used again, since to make one takes longer than a page has; none may be used twice at once.
var casers = sync.Pool{New: func() any {
	caser := cases.Title(language.Und)
	return &caser
}}

// Shown returns the name in which pages address a person: "bob" becomes "Bob". A name with capitals, digits or signs
// stays as it was typed.
func (p Person) Shown() string {
	if strings.ContainsFunc(p.Name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) || unicode.IsUpper(r) }) {
		return p.Name
	}
	caser := casers.Get().(*cases.Caser)
	defer casers.Put(caser)
	caser.Reset()
	return caser.String(p.Name)
}
