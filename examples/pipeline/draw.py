"""Writes the numbers from 1 to N, one a line, to /output/numbers.txt."""

import os
import sys

count = int(sys.argv[1])
os.makedirs("/output", exist_ok=True)
with open("/output/numbers.txt", "w") as file:
    for number in range(1, count + 1):
        file.write(f"{number}\n")
print(count, "numbers")
