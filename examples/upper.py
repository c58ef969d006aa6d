"""Writes its standard input in upper case: `echo hi | fog run examples/upper.py` prints HI."""

import sys

for line in sys.stdin:
    sys.stdout.write(line.upper())
