package forward

import (
	"fmt"
	"net/http"
	"strings"
)

// The headers by which an app learns who is there.
const (
	UserHeader   = "Remote-User"
	NameHeader   = "Remote-Name"
	GroupsHeader = "Remote-Groups"
	EmailHeader  = "Remote-Email"
)

var identityHeaders = []string{UserHeader, NameHeader, GroupsHeader, EmailHeader}

// Identity is who an app is told is there.
type Identity struct {
	Username string
	Name     string
	Groups   []string
	// EmailDomain makes an address of the username; without one there is none.
	EmailDomain string
}

// Set writes all the identity headers: a proxy might pass on a client's own in place of one that is missing. Values are
// percent-encoded: no two people share one.
func (i Identity) Set(header http.Header) {
	email := ""
	if i.EmailDomain != "" && i.Username != "" {
		// A username that looks like an address is one that anybody could choose: it proves no mailbox.
		email = strings.ReplaceAll(Encode(i.Username), "@", "%40") + "@" + i.EmailDomain
	}
	for name, value := range map[string]string{
		UserHeader: Encode(i.Username), NameHeader: Encode(i.Name), GroupsHeader: strings.Join(i.Groups, ","), EmailHeader: email,
	} {
		header.Set(name, value)
	}
}

// Encode percent-encodes all but the letters, digits and signs that every program reads alike.
func Encode(text string) string {
	var out strings.Builder
	for _, b := range []byte(text) {
		if 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("._@+-", b) >= 0 {
			out.WriteByte(b)
		} else {
			fmt.Fprintf(&out, "%%%02X", b)
		}
	}
	return out.String()
}

// Forged returns the name of a header by which the client itself says who it is, under any spelling that a server may
// take for one of ours (Remote_User, remote.user), or "".
func Forged(header http.Header) string {
	fold := strings.NewReplacer("_", "-", ".", "-", " ", "-")
	for name := range header {
		for _, ours := range identityHeaders {
			if strings.EqualFold(fold.Replace(name), ours) {
				return name
			}
		}
	}
	return ""
}
