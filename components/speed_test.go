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
	bob := Person{Username: "bob", Name: "bob"}
	for name, main := range map[string]templ.Component{
		"Login":  Login(LoginForm{CSRF: "token", Username: "bob", Error: "Invalid username or password."}),
		"Signup": Signup(SignupForm{CSRF: "token", Password: NewPassword{MinLength: 8}}),
		"Home": Home(HomePage{
			CSRF: "token", Me: bob, Sessions: 3, PreviousLoginAt: time.Unix(1_700_000_000, 0), PreviousLoginAddress: "192.0.2.1", OfferRecovery: true,
		}),
		"Logout":         Logout(bob, "token"),
		"ChangePassword": ChangePassword(PasswordForm{CSRF: "token", Username: "bob", New: NewPassword{MinLength: 8}}),
		"PasswordLink":   PasswordLink(PasswordLinkForm{CSRF: "token", Username: "bob", Action: "/choose-password/x", Password: NewPassword{MinLength: 8}}),
		"SignIns":        SignIns(SignInsPage{CSRF: "token", Username: "bob", Rows: make([]SignInRow, 10)}),
		"Activity":       Activity(ActivityPage{Username: "bob", Rows: make([]ActivityRow, 50)}),
		"Recovery":       Recovery(RecoveryPage{CSRF: "token", Username: "bob"}),
		"NewCode":        NewRecoveryCode("bob", "AAAA-BBBB-CCCC-DDDD", "token", ""),
		"Recover":        Recover(RecoverForm{CSRF: "token", Username: "bob", Password: NewPassword{MinLength: 8}}),
		"Confirm":        Confirm(ConfirmForm{CSRF: "token", Me: bob, Action: "/user/bob/delete"}),
		"Delete":         Delete(DeleteForm{CSRF: "token", Username: "bob"}),
		"Problem":        ProblemPage(Problem{Title: "Page not found", Message: "There is no page at this address.", Link: "/", LinkText: "Go"}),
	} {
		page := FullPage(Page{Title: name, Flashes: []Flash{{Text: "Successfully logged out."}}, Main: main})
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
