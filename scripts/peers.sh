#!/usr/bin/env bash
# Times our matcher and other scanners on the same lists and the same advisories, in one
# run, and prints a table: scripts/peers.sh [FOLDER TO WORK IN].
#
# Needs Go, Python 3, zstd, hyperfine and GNU time; debsecan is timed where it is installed.
# The other tools are built at the versions below, through the module proxy, and keep
# nothing in this repository. Building takes ten minutes and some 3 GB the first time.
set -euo pipefail
cd "$(dirname "$0")/.."

OSV_SCANNER=v2.5.1
GRYPE=v0.121.2
TRIVY=v0.74.0
RUNS=${RUNS:-5}
SHARED=${ASEPSIS_SHARED:-../shared}
work=$(realpath -m "${1:-${TMPDIR:-/tmp}/asepsis-peers}")
bin=$work/bin lists=$work/lists
mkdir -p "$bin" "$lists" "$work/osv" "$work/db"

have() { command -v "$1" >/dev/null || { echo "peers.sh needs $1" >&2; exit 1; }; }
for tool in go python3 zstd hyperfine /usr/bin/time; do have "$tool"; done

echo "# building" >&2
install() { [ -x "$bin/$1" ] || GOBIN=$bin GOFLAGS='' go install "$2"; }
install osv-scanner "github.com/google/osv-scanner/v2/cmd/osv-scanner@$OSV_SCANNER"
install grype "github.com/anchore/grype/cmd/grype@$GRYPE"
GOEXPERIMENT=jsonv2 install trivy "github.com/aquasecurity/trivy/cmd/trivy@$TRIVY"
for d in trivydb grypedb; do
  [ -x "$bin/$d" ] || (cd "tools/peers/$d" && GOEXPERIMENT=jsonv2 go build -o "$bin/$d" .)
done
CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$bin/judge" ./test/peers/judge
CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$bin/asepsis" ./cmd/asepsis

echo "# advisories and lists" >&2
for f in "$SHARED"/corpora/advisories/osv/*.jsonl.zst; do
  zstd -dcq --long=27 "$f" >"$work/osv/$(basename "$f" .zst)"
done
for l in lang-shared deb11-shared; do
  zstd -dcq "$SHARED/corpora/inventories/bench/$l.cdx.json.zst" >"$lists/$l.json"
  cp "$lists/$l.json" "$lists/$l.cdx.json"
done
few=()
for f in pypi go crates.io bitnami debian-dsa-dla; do few+=("$work/osv/$f.jsonl"); done

echo "# databases" >&2
: >"$work/databases.txt"
timed() { # label, size of what, command
  local label=$1 at=$2 s; shift 2
  s=$(/usr/bin/time -f '%e s, %M kB' -o /dev/stdout "$@" 2>/dev/null | tail -1)
  echo "$label: $s, $(du -sb "$at" | cut -f1) bytes" | tee -a "$work/databases.txt" >&2
}
[ -e "$work/db/trivy/db/trivy.db" ] || timed "trivy's database" "$work/db/trivy" "$bin/trivydb" "$work/db/trivy/db" "${few[@]}"
[ -e "$work/db/grype/6/import.json" ] || { mkdir -p "$work/db/grype/6" && timed "grype's database" "$work/db/grype" "$bin/grypedb" "$work/db/grype/6" "${few[@]}" "$work/osv/almalinux.jsonl"; }
[ -d "$work/db/osv" ] || python3 tools/peers/prepare.py osv "$work/db/osv" "$work"/osv/*.jsonl
python3 tools/peers/prepare.py debsecan "$work/db/debsecan" "$work/osv/debian-dsa-dla.jsonl" "$lists/deb11-shared.json"
rm -rf "$work/feed"
timed "our feed" "$work/feed" "$bin/asepsis" --data="$work/data" -q feed build --from "$work/osv" --out "$work/feed"
feed=$(ls "$work"/feed/*.feed)

# The list under its own name for all; OSV-Scanner tells the kind of a file by it.
export GRYPE_DB_CACHE_DIR=$work/db/grype GRYPE_DB_AUTO_UPDATE=false GRYPE_CHECK_FOR_APP_UPDATE=false GRYPE_DB_VALIDATE_AGE=false
command_of() { # tool, list
  local l=$lists/$2.cdx.json
  case $1 in
    ours) echo "$bin/judge $feed $l" ;;
    trivy) echo "$bin/trivy sbom --cache-dir $work/db/trivy --skip-db-update --skip-java-db-update --skip-version-check --offline-scan --scanners vuln --format json --quiet $l" ;;
    osv-scanner) echo "$bin/osv-scanner scan source --offline --local-db-path $work/db/osv --format json -L $l" ;;
    grype) echo "$bin/grype sbom:$l -o json -q" ;;
    debsecan) echo "debsecan --suite bullseye --source file://$work/db/debsecan/ --status $work/db/debsecan/status" ;;
  esac
}

echo "# $(date -u +%F), $(nproc) cores, $(awk -F': ' '/model name/ {print $2; exit}' /proc/cpuinfo), load $(cut -d' ' -f1 /proc/loadavg) at the start"
echo
echo "| list | tool | runs | least | mean | processor | most memory | findings |"
echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
for l in deb11-shared lang-shared; do
  for tool in ours trivy osv-scanner grype debsecan; do
    runs=$RUNS warm=1
    case $tool/$l in
      debsecan/lang-shared) continue ;;
      debsecan/*) command -v debsecan >/dev/null || continue ;;
      ours/*) runs=$((RUNS * 4)) ;;
      grype/lang-shared) runs=1 warm=0 ;; # minutes each
    esac
    run=$(command_of "$tool" "$l")
    # shellcheck disable=SC2086 # the command's words are meant
    hyperfine -N -w "$warm" -r "$runs" -i --style none --export-json "$work/time.json" "$run" >/dev/null 2>&1
    # OSV-Scanner and others end with a code of their own where something was found.
    memory=$({ /usr/bin/time -f '%M' -o /dev/stderr $run 2>&1 >"$work/out.$tool.$l" || true; } | tail -1)
    python3 - "$l" "$tool" "$runs" "$work/time.json" "$memory" "$work/out.$tool.$l" <<'P'
import json, sys
l, tool, runs, times, memory, out = sys.argv[1:]
t = json.load(open(times))["results"][0]
n = set()
text = open(out, encoding="utf-8").read()
if tool == "debsecan":
    n = text.splitlines()
else:
    d = json.loads(text)
    if tool == "ours":
        n = {(c["name"], c.get("version"), f) for c in d["components"] for h in c.get("affected", []) for f in h["flaws"]}
    elif tool == "trivy":
        n = {(v["PkgName"], v["InstalledVersion"], v["VulnerabilityID"]) for r in d.get("Results", []) for v in r.get("Vulnerabilities") or []}
    elif tool == "grype":
        n = {(m["artifact"]["name"], m["artifact"]["version"], m["vulnerability"]["id"]) for m in d["matches"]}
    else:
        n = {(p["package"]["name"], p["package"]["version"], v["id"]) for r in d["results"] for p in r["packages"] for v in p["vulnerabilities"]}
ms = lambda s: "%.1f ms" % (s * 1000) if s < 0.1 else "%.2f s" % s
print("| %s | %s | %s | %s | %s | %s | %d MB | %d |" % (l, tool, runs, ms(t["min"]), ms(t["mean"]), ms(t["user"] + t["system"]), int(memory) // 1024, len(n)))
P
  done
done
echo
cat "$work/databases.txt"
