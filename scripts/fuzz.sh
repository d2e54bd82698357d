#!/usr/bin/env bash
# Runs every fuzz target of the module for the given time, one after the other, and stops at the first
# crasher, which go leaves below the package's testdata/fuzz. Making inputs smaller is kept short: where
# coverage differs from run to run it would take all the time.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-10s}

count=0
while IFS=: read -r file target; do
	package=./$(dirname "$file")
	echo "== $package $target"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 100x "$package"
	count=$((count + 1))
done < <(git ls-files -co --exclude-standard '*_test.go' |
	xargs grep -HoE '^func Fuzz[A-Za-z0-9_]*' | sed 's/:func /:/')
echo "$count fuzz targets, $time each, no crasher"
