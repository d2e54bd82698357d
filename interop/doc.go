// Package interop holds tests against the official TypeScript packages @mysten/walrus and
// @mysten/walrus-wasm: their encoder and ours must agree on every byte, and their storage-node client
// must be able to use our nodes.
//
// The idea: [start] runs driver.mjs under Node.js, which answers requests by calling the packages and
// nothing else; the tests compare its answers with what our code says. The packages are pinned with
// their checksums in package-lock.json and are wanted for these tests alone.
//
// "make interop" installs them and runs the tests. Without it, that is without the environment variable
// WALRUS_INTEROP, the tests skip themselves, so that the module is tested without Node.js.
package interop
