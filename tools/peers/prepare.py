"""Writes what OSV-Scanner and debsecan read, from OSV records and a list.

    prepare.py osv OUT FILE.jsonl...             zip archives by ecosystem, as osv.dev publishes them
    prepare.py debsecan OUT FILE.jsonl LIST.json  debsecan's data for Debian 11 and the list as dpkg's status

It serves the comparison in scripts/peers.sh alone.
"""

import json
import os
import sys
import urllib.parse
import warnings
import zipfile
import zlib


def records(names):
    for name in names:
        with open(name, encoding="utf-8") as f:
            for line in f:
                yield line, json.loads(line)


def osv(out, names):
    warnings.simplefilter("ignore")  # a record that is listed twice is read twice by all
    archives = {}
    for line, r in records(names):
        for eco in {a.get("package", {}).get("ecosystem", "").split(":")[0] for a in r.get("affected", [])} - {""}:
            if eco not in archives:
                folder = os.path.join(out, "osv-scalibr", eco)
                os.makedirs(folder, exist_ok=True)
                archives[eco] = zipfile.ZipFile(os.path.join(folder, "all.zip"), "w", zipfile.ZIP_DEFLATED)
            archives[eco].writestr(r["id"] + ".json", line)
    for a in archives.values():
        a.close()


def debsecan(out, name, bill):
    os.makedirs(out, exist_ok=True)
    flaws, rows = {}, []
    for _, r in records([name]):
        for a in r.get("affected", []):
            if a["package"]["ecosystem"].split(".")[0] != "Debian:11":
                continue
            for g in a.get("ranges", []):
                for e in g["events"]:
                    for cve in r.get("upstream") or [r["id"]]:
                        if "fixed" in e:
                            n = flaws.setdefault(cve, len(flaws))
                            rows.append("%s,%d,S  F,%s," % (a["package"]["name"], n, e["fixed"]))
    text = "VERSION 1\n" + "".join("%s,,\n" % f for f in flaws) + "\n" + "\n".join(rows) + "\n\n"
    with open(os.path.join(out, "bullseye"), "wb") as f:
        f.write(zlib.compress(text.encode()))
    with open(bill, encoding="utf-8") as f:
        parts = json.load(f)["components"]
    with open(os.path.join(out, "status"), "w", encoding="utf-8") as f:
        for c in parts:
            if not c.get("purl", "").startswith("pkg:deb/"):
                continue
            head, _, query = c["purl"].partition("?")
            version = urllib.parse.unquote(head.rpartition("@")[2])
            f.write("Package: %s\nStatus: install ok installed\nVersion: %s\n" % (c["name"], version))
            source = urllib.parse.parse_qs(query).get("upstream", [""])[0]
            props = {p["name"]: p.get("value", "") for p in c.get("properties", [])}
            source = source or props.get("aquasecurity:trivy:SrcName", "")
            if source:
                source, _, of = source.partition("@")
                of = of or props.get("aquasecurity:trivy:SrcVersion", "")
                f.write("Source: %s%s\n" % (source, " (%s)" % of if of and of != version else ""))
            f.write("\n")


if __name__ == "__main__":
    if sys.argv[1] == "osv":
        osv(sys.argv[2], sys.argv[3:])
    else:
        debsecan(*sys.argv[2:])
