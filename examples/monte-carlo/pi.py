"""Throws darts at a square and counts those inside the circle; see README.md for the whole job.

`random` is seeded by fog from the job and the index of the task, so every task throws its own darts and a task
that has to be run again throws the same ones.
"""

import json
import os
import random
import sys


def throw(darts):
    hits = 0
    for _ in range(darts):
        x, y = random.random(), random.random()
        hits += x * x + y * y <= 1
    return hits


def main():
    darts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    index = int(os.environ.get("FOG_INDEX", "0"))
    print(json.dumps({"index": index, "darts": darts, "hits": throw(darts)}))


if __name__ == "__main__":
    main()
