"""Counts the lines, words and characters of one text and names its most frequent words, as one line of JSON.

One task for each file: `fog run --each examples/text-statistics/texts examples/text-statistics/stats.py`. FOG_ITEM is the
path of the task's own file. Outside of an array, files are named as arguments.
"""

import collections
import json
import os
import re
import sys

#: Words too common to say anything about a text.
COMMON = frozenset(
    "a an and are as at be but by for from had has have he her his if in into is it its no not of on or she so "
    "that the their then there they this to was were what when which who will with you".split()
)
TOP_WORDS = 5


def statistics(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text.lower())
    frequent = collections.Counter(word for word in words if word not in COMMON)
    # The most frequent first; the alphabet decides between equals, so that two runs agree.
    top = sorted(frequent.items(), key=lambda entry: (-entry[1], entry[0]))[:TOP_WORDS]
    return {
        "file": path,
        "lines": len(text.splitlines()),
        "words": len(words),
        "characters": len(text),
        "top": dict(top),
    }


def main():
    paths = [os.environ["FOG_ITEM"]] if "FOG_ITEM" in os.environ else sys.argv[1:]
    if not paths:
        sys.exit("usage: stats.py FILE…   (or run it with --each DIR)")
    for path in paths:
        print(json.dumps(statistics(path), ensure_ascii=False))


if __name__ == "__main__":
    main()
