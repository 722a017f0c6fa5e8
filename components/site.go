package components

// Site is the name and the face of a site.
type Site struct {
	Name string
	// Mark is the path of the image in the head of each page.
	Mark string
	// AccentStyle is the path of a stylesheet with the site's accent colour; empty: Latchkey's own.
	AccentStyle string
	// Contact is whom to ask, and ContactLink the address behind it; both may be empty.
	Contact     string
	ContactLink string
}

// Administrator is how sentences name whom to ask.
func (s Site) Administrator() string {
	if s.Contact == "" {
		return "the administrator"
	}
	return s.Contact
}
