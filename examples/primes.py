"""Counts the primes up to N: `fog run examples/primes.py 100000` prints 9592.

As an array job (`fog run --count 100 examples/primes.py 10000000`) each task counts its own share of the range, and
the sum of the lines is the count.
"""

import math
import os
import sys


def sieve(limit):
    """The primes up to limit, by striking out multiples."""
    is_prime = bytearray([1]) * (limit + 1)
    is_prime[:2] = bytes(min(2, limit + 1))
    for number in range(2, math.isqrt(limit) + 1):
        if is_prime[number]:
            is_prime[number * number :: number] = bytes(len(range(number * number, limit + 1, number)))
    return [number for number in range(limit + 1) if is_prime[number]]


def count_between(low, high):
    """How many primes there are in low ≤ p < high."""
    low = max(low, 2)
    if high <= low:
        return 0
    is_prime = bytearray([1]) * (high - low)
    for prime in sieve(math.isqrt(high)):
        first = max(prime * prime, -(-low // prime) * prime)
        is_prime[first - low :: prime] = bytes(len(range(first, high, prime)))
    return sum(is_prime)


def main():
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        sys.exit("usage: primes.py N   (counts the primes up to N)")
    end = int(sys.argv[1]) + 1
    index = int(os.environ.get("FOG_INDEX", "0"))
    count = int(os.environ.get("FOG_COUNT", "1"))
    print(count_between(end * index // count, end * (index + 1) // count))


if __name__ == "__main__":
    main()
