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

// LogoutPath is the path that ends an account's sign-in; the username is escaped.
func LogoutPath(username string) string {
	return "/logout/" + url.PathEscape(username)
}
