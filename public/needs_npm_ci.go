package public

import "embed"

// If the compiler sent you here, the browser's libraries are not installed yet. Run:
//
//	npm ci --prefix public
//
// This file's name is part of that message: the compiler prints it when the pattern below matches nothing.
//
//go:embed node_modules/htmx.org/dist/htmx.min.js
var npm embed.FS

// CommonPasswords are the passwords that attackers try first, as a JSON array, the commonest first: zxcvbn-ts's list. No
// browser gets it.
//
//go:embed node_modules/@zxcvbn-ts/language-common/src/passwords.json
var CommonPasswords []byte
