# Orders pairs with the packaging module of PyPI.
import sys

from packaging.version import InvalidVersion, Version

out = []
for line in sys.stdin:
    left, right = line.rstrip("\n").split("\t")
    try:
        x, y = Version(left), Version(right)
        out.append("-1" if x < y else "1" if x > y else "0")
    except InvalidVersion:
        out.append("x")
sys.stdout.write("\n".join(out) + "\n")
