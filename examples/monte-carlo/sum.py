"""Adds up the lines that the tasks of pi.py printed, and estimates pi with its standard error."""

import json
import math
import sys

parts = [json.loads(line) for line in sys.stdin if line.strip()]
if not parts:
    sys.exit("nothing to add up: pipe the output of pi.py in")
darts = sum(part["darts"] for part in parts)
share = sum(part["hits"] for part in parts) / darts
error = 4 * math.sqrt(share * (1 - share) / darts)
print(f"{len(parts)} tasks, {darts} darts: pi is about {4 * share:.4f} ± {error:.4f}")
