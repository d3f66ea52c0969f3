#!/usr/bin/env bash
# Measures the figures of docs/benchmarks.md on this machine and prints them:
# bench.sh [GO BENCHMARKS' -benchtime]. It needs bin/asepsis (make build) and
# /usr/bin/time; the size of the pages needs Node.js and the built pages.
set -euo pipefail
cd "$(dirname "$0")/.."
benchtime=${1:-1s}
bin=bin/asepsis
[ -x "$bin" ] || { echo "bench: build first: make build" >&2; exit 2; }
[ -x /usr/bin/time ] || { echo "bench: install GNU time: apt-get install time" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ASEPSIS_DATA=$work/data

row() { printf '%-44s %12s   %s\n' "$1" "$2" "$3"; }

# timed LABEL BUDGET COMMAND… prints the time it took and the memory at its
# fullest. Exit 3 is a result here, not a failure.
timed() {
	local label=$1 budget=$2 code=0
	shift 2
	/usr/bin/time -q -f '%e %M' -o "$work/time" "$@" >/dev/null 2>"$work/stderr" || code=$?
	if [ "$code" -ne 0 ] && [ "$code" -ne 3 ]; then
		cat "$work/stderr" >&2
		return "$code"
	fi
	read -r seconds kilobytes <"$work/time"
	row "$label" "$seconds s" "$((kilobytes / 1024)) MB at its fullest; $budget"
}

echo "machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, $(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo | awk '{printf "%.0f GB", $1/1e6}')"
echo "system:  $(. /etc/os-release && echo "$PRETTY_NAME"), kernel $(uname -r), load $(cut -d' ' -f1 /proc/loadavg)"
echo "program: $("$bin" --version), $(go version | cut -d' ' -f3-4)"
echo

# Cold: nothing of the program or of what it reads is in memory, where we may
# say so; and no data folder.
cold="file cache as it is"
if [ "$(id -u)" -eq 0 ] && sync && echo 3 2>/dev/null >/proc/sys/vm/drop_caches; then
	cold="file cache dropped"
fi
timed "assess of this host, cold ($cold)" "under 20 s" "$bin" assess --quiet
timed "assess of this host, warm" "under 5 s" "$bin" assess --quiet
timed "start-up (config check)" "under 1 s" "$bin" config check
timed "start-up (ledger status)" "under 1 s" "$bin" ledger status
timed "ledger check" "" "$bin" ledger check
row "binary" "$(($(stat -c %s "$bin") / 1000000)) MB" "under 100 MB"
echo

if command -v npm >/dev/null && [ -f internal/web/dist/index.html ] && [ -d ui/node_modules ]; then
	echo "pages, compressed (under 350 kB the first, under 50 kB each after it):"
	(cd ui && npm run --silent size)
else
	echo "pages: not measured (Node.js, ui/node_modules and the built pages are needed)"
fi
echo

go test -run '^$' -bench . -benchtime "$benchtime" ./internal/app ./internal/assess ./internal/policy ./ledger ./internal/evidence
