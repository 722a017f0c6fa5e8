package components

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/a-h/templ"
)

// BenchmarkRender draws each page whole.
func BenchmarkRender(b *testing.B) {
	for name, main := range map[string]templ.Component{
		"Login":  Login(LoginForm{CSRF: "token", Username: "bob", Error: "Invalid username or password."}),
		"Signup": Signup(SignupForm{CSRF: "token", PasswordMinLength: 8, PasswordRule: "At least 8 characters, any kind."}),
		"Home": Home(HomePage{
			CSRF: "token", Username: "bob", SignedInAt: time.Unix(1_700_000_000, 0), Address: "192.0.2.1", OfferRecovery: true,
		}),
		"Problem": ProblemPage(Problem{Title: "Page not found", Message: "There is no page at this address.", Link: "/", LinkText: "Go"}),
	} {
		page := Whole(Page{Title: name, Flashes: []Flash{{Text: "Successfully logged out."}}, Main: main})
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := page.Render(context.Background(), io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
