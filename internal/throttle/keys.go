package throttle

import (
	"crypto/sha256"
	"fmt"
)

// A key names a counter by a hash. The database keeps no name that was tried: people type passwords there.

// UnknownBrowsers counts failed attempts at one account by all browsers that have not logged in to it.
func UnknownBrowsers(username string) []byte {
	return key("strangers", username) // the word of older versions: another one would forget what was counted
}

// KnownBrowser counts those by one browser that has, known by the id that it has in the database or by that of its sign-in.
func KnownBrowser(username, browser string) []byte {
	return key("known browser", username, browser)
}

// KnownBrowserRecovery counts the recovery codes that such a browser tries.
func KnownBrowserRecovery(username, browser string) []byte {
	return key("known browser recovery", username, browser)
}

// CodesOfUnknownBrowsers counts wrong one-time codes for one account from all browsers that have not logged in to it.
func CodesOfUnknownBrowsers(username string) []byte {
	return key("codes of unknown browsers", username)
}

// CodesOfKnownBrowser counts those from one browser that has.
func CodesOfKnownBrowser(username, browser string) []byte {
	return key("codes of known browser", username, browser)
}

// PerAddress counts what one client's network does, over all accounts.
func PerAddress(kind, network string) []byte {
	return key("address", kind, network)
}

// PerBrowser counts what one browser does, known by the id of what it has shown: that it is known, a login, a sign-in.
func PerBrowser(kind, id string) []byte {
	return key("browser", kind, id)
}

func key(parts ...string) []byte {
	hash := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(hash, "%d:%s,", len(part), part)
	}
	return hash.Sum(nil)[:16]
}
