// Package rules checks what reviewers of this repository should not have to: who may import whom,
// which dependencies stay out and why, that every package introduces itself, that tests do not sleep,
// that files stay readable, and that documents point at things that exist.
//
// The idea: a rule that matters is an ordinary test with a table, and each row says its reason, so that
// whoever trips over one learns why it is there and where to change it. The package has no code beside
// its tests; they read the working tree and need neither network nor build.
//
// Start with the table ladder in ladder_test.go. The habits themselves are explained in docs/STYLE.md.
package rules
