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
	header.Set(UserHeader, Encode(i.Username))
	header.Set(NameHeader, Encode(i.Name))
	header.Set(GroupsHeader, strings.Join(i.Groups, ","))
	header.Set(EmailHeader, email)
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
	for name := range header {
		if len(name) < len(forgedPrefix) || !strings.EqualFold(name[:len(forgedPrefix)], forgedPrefix) {
			continue // as nearly all
		}
		for _, ours := range identityHeaders {
			if strings.EqualFold(separators.Replace(name), ours) {
				return name
			}
		}
	}
	return ""
}

// forgedPrefix begins all identity headers, before the first sign that servers fold.
const forgedPrefix = "Remote"

var separators = strings.NewReplacer("_", "-", ".", "-", " ", "-")
