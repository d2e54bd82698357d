#!/usr/bin/env bash
# Installs the pinned npm packages into interop/node_modules and runs the interop tests with them.
# Where node or npm is missing it says so and succeeds: the packages are wanted for tests alone.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	echo "interop: skipped, node and npm are not installed"
	exit 0
fi
major=$(node -p 'process.versions.node.split(".")[0]')
if [ "$major" -lt 20 ]; then
	echo "interop: skipped, node $(node --version) is older than v20"
	exit 0
fi
(cd interop && npm ci --no-audit --no-fund --loglevel=error)
WALRUS_INTEROP=1 go test -count=1 -timeout 15m "$@" ./interop
