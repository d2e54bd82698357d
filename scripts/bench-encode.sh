#!/usr/bin/env bash
# Prints the encoder's figures, beside the reference libraries where cargo and their crates can be had.
# Arguments go to bench/encode; see its help.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
reference=()
if ! command -v cargo >/dev/null; then
	echo "bench-encode: no cargo, so the reference encoder is skipped (install Rust to compare)" >&2
elif CARGO_TARGET_DIR=$build/target cargo build --quiet --release --manifest-path bench/reference-encoder/Cargo.toml >&2; then
	reference=(-reference "$build/target/release/reference-encoder")
else
	echo "bench-encode: the reference encoder's crates could not be built, so the comparison is skipped" >&2
fi
go build -o "$build/encode" ./bench/encode
"$build/encode" "${reference[@]}" "$@"
