// Package token makes and checks the JSON Web Tokens of the emulated Entra: the
// identity tokens a portal signs people in with, and the access tokens that
// Azure Resource Manager accepts.
//
// Every token carries the JOSE header "x-emulator": "latchkey", so that one that
// strays into a log or a bug report says where it came from.
package token
