package components

// A form carries what was typed, what is wrong with it, and the token that proves it came from this site. The
// password is never among the values: it is typed anew each time.

// SignupForm is the form that creates an account.
type SignupForm struct {
	CSRF          string
	Username      string
	UsernameError string
	PasswordError string
	// Error concerns the form as a whole: too many tries, a busy server.
	Error string
	// PasswordRule is shown before anything is typed.
	PasswordRule      string
	PasswordMinLength int
}

// LoginForm is the form that signs a person in.
type LoginForm struct {
	CSRF          string
	Username      string
	Remember      bool
	UsernameError string
	PasswordError string
	// Error concerns the form as a whole: wrong credentials, a busy server.
	Error string
	// Next is where to go after signing in: a path on this site, or empty for the person's home page.
	Next string
	// SignupClosed is set when people cannot create accounts themselves.
	SignupClosed bool
}

// Invalid reports whether some field is in error.
func (f SignupForm) Invalid() bool {
	return f.UsernameError != "" || f.PasswordError != ""
}

// Invalid reports whether some field is in error.
func (f LoginForm) Invalid() bool {
	return f.UsernameError != "" || f.PasswordError != ""
}
