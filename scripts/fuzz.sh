#!/usr/bin/env bash
# Runs every fuzz target for a while, one at a time: fuzz.sh [DURATION [PATTERN]].
# A crasher is written to the package's testdata/fuzz and fails the run; keep it
# there as a seed once it is mended.
set -euo pipefail
cd "$(dirname "$0")/.."
duration=${1:-20s}
pattern=${2:-.}
targets=$(grep -rEH --include='*_test.go' '^func Fuzz' . | sed -E 's|^\./(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*).*|\1 \2|' | sort -u | grep -E "$pattern" || true)
if [ -z "$targets" ]; then
	echo "fuzz: no target matches $pattern" >&2
	exit 2
fi
count=$(wc -l <<<"$targets")
failed=()
n=0
while read -r package target; do
	n=$((n + 1))
	echo "fuzz: $n of $count: $target in $package for $duration"
	if ! go test "./$package" -run='^$' -fuzz="^$target\$" -fuzztime="$duration"; then
		failed+=("$package $target")
	fi
done <<<"$targets"
if [ "${#failed[@]}" -gt 0 ]; then
	printf 'fuzz: failed: %s\n' "${failed[@]}" >&2
	exit 1
fi
echo "fuzz: $count targets, nothing found"
