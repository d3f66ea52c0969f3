#!/usr/bin/env bash
# Builds the pages where a source is newer than what was built. Without
# Node.js it says so and leaves the binary to explain how to build them.
set -euo pipefail
cd "$(dirname "$0")/.."
out=internal/web/dist/index.html
if ! command -v npm >/dev/null; then
	echo "ui: no npm here, so the binary will have the API and no pages" >&2
	exit 0
fi
if [ -f "$out" ] && [ -z "$(find ui -path ui/node_modules -prune -o -type f -newer "$out" -print -quit)" ]; then
	exit 0
fi
cd ui
if [ ! -d node_modules ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
	echo "ui: installing packages" >&2
	npm ci --silent --no-audit --no-fund
fi
echo "ui: building the pages" >&2
npm run --silent build >/dev/null
