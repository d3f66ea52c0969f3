# Orders pairs with RPM's own library.
import sys

import rpm

out = []
for line in sys.stdin:
    left, right = line.rstrip("\n").split("\t")
    try:
        x, y = rpm.ver(left), rpm.ver(right)
        out.append("-1" if x < y else "1" if x > y else "0")
    except ValueError:
        out.append("x")
sys.stdout.write("\n".join(out) + "\n")
