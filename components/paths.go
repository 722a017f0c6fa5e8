package components

import "net/url"

// HomePath is the path of an account's home page; the username is escaped.
func HomePath(username string) string {
	return "/user/" + url.PathEscape(username)
}

// The paths of an account's pages; the username is escaped.
func PasswordPath(username string) string { return HomePath(username) + "/password" }
func SignInsPath(username string) string  { return HomePath(username) + "/sign-ins" }
func ActivityPath(username string) string { return HomePath(username) + "/activity" }
func RecoveryPath(username string) string { return HomePath(username) + "/recovery" }
func DeletePath(username string) string   { return HomePath(username) + "/delete" }

// AppPasswordsPath and EndAppPasswordPath are of what programs without a browser send.
func AppPasswordsPath(username string) string   { return HomePath(username) + "/app-passwords" }
func EndAppPasswordPath(username string) string { return AppPasswordsPath(username) + "/end" }

// RecoverySavedPath and RecoveryLaterPath take what the person says of a recovery code: that it is saved, or "not now".
func RecoverySavedPath(username string) string { return RecoveryPath(username) + "/saved" }
func RecoveryLaterPath(username string) string { return RecoveryPath(username) + "/later" }

// OtherSignInsPath ends all sign-ins but this one.
func OtherSignInsPath(username string) string { return SignInsPath(username) + "/others" }

// SecondFactorPath is about the second factors of an account, and the two below it set codes up.
func SecondFactorPath(username string) string { return HomePath(username) + "/second-factor" }
func CodesPath(username string) string        { return SecondFactorPath(username) + "/codes" }
func ConfirmCodesPath(username string) string { return CodesPath(username) + "/confirm" }

// SecondFactorPathTo is the same page for somebody who was on the way to next, a path of this site or "", and
// RecoveryPathTo the one about the recovery code, which comes first.
func SecondFactorPathTo(username, next string) string {
	return withQuery(SecondFactorPath(username), "next", next)
}
func RecoveryPathTo(username, next string) string {
	return withQuery(RecoveryPath(username), "next", next)
}

// RemoveCodesPath takes the codes from an account.
func RemoveCodesPath(username string) string { return CodesPath(username) + "/remove" }

// PasskeysPath makes a passkey for an account, ConfirmPasskeyPath takes what the browser made, and RemovePasskeyPath takes one
// from it.
func PasskeysPath(username string) string       { return SecondFactorPath(username) + "/passkeys" }
func ConfirmPasskeyPath(username string) string { return PasskeysPath(username) + "/confirm" }
func RemovePasskeyPath(username string) string  { return PasskeysPath(username) + "/remove" }

// SeenPath notes that the owner has seen what the home page tells about logins without a second factor.
func SeenPath(username string) string { return HomePath(username) + "/seen" }

// SecondStepPath is the second step of a login, and RecoveryStepPath the same with a recovery code; next, which may be
// empty, is where it leads.
func SecondStepPath(next string) string   { return withQuery("/login/second", "next", next) }
func RecoveryStepPath(next string) string { return withQuery("/login/second/recovery", "next", next) }

// LoginPath is the login form with the username filled in; next, which may be empty, is where it leads.
func LoginPath(username, next string) string {
	query := url.Values{"username": {username}}
	if next != "" {
		query.Set("next", next)
	}
	return "/login?" + query.Encode()
}

// SignupPath is the form that creates an account; next, which may be empty, is where the login after it leads.
func SignupPath(next string) string { return withQuery("/signup", "next", next) }

// RecoverPath is the form that takes a recovery code, with the username filled in, if there is one.
func RecoverPath(username string) string { return withQuery("/recover", "username", username) }

func withQuery(path, name, value string) string {
	if value == "" {
		return path
	}
	return path + "?" + url.Values{name: {value}}.Encode()
}

// LoginPathTo is the login form that leads to a path of this site; without one, to the home page.
func LoginPathTo(next string) string {
	return withQuery("/login", "next", next)
}

// PasswordLinkPath is where a person chooses a password with a link's token.
func PasswordLinkPath(token string) string {
	return "/choose-password/" + url.PathEscape(token)
}

// LogoutPath is the path that ends an account's sign-in; the username is escaped.
func LogoutPath(username string) string {
	return "/logout/" + url.PathEscape(username)
}
