"""Prints the square of each number of the file."""

import sys

for line in open(sys.argv[1]):
    print(int(line) ** 2)
