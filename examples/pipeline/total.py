"""Prints the total of each file."""

import sys

for name in sys.argv[1:]:
    print(name, sum(int(line) for line in open(name)))
