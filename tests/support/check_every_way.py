"""Says what is torn in a folder that every_way_writer.py wrote; else the number that each way has, the first way first."""

import os
import sqlite3
import sys
import zlib

os.chdir(sys.argv[1])
SIZE, BLOCK = 256 * 1024, 4096


def number_in(text, what):
    words = text.split()
    if len(words) != 2 or words[1] != b"%08x" % zlib.crc32(words[0] + b" "):
        sys.exit("torn: %s has %r" % (what, text[:40]))
    return int(words[0])


def of_block(content, what):
    numbers = {number_in(line, what) for line in content.split(b"\n")[:100]}
    if len(content) != BLOCK or len(numbers) != 1:
        sys.exit("torn: %s has %d bytes, %s" % (what, len(content), sorted(numbers)))
    return numbers.pop()


def lines(path):
    with open(path, "rb") as file:
        content = file.read()
    if not content.endswith(b"\n"):
        sys.exit("torn: %s ends with %r" % (path, content[-40:]))
    numbers = [number_in(line, path) for line in content.splitlines()]
    if numbers != list(range(1, len(numbers) + 1)):
        sys.exit("torn: %s misses lines" % path)
    return [numbers[-1]]


def whole(path):
    with open(path, "rb") as file:
        content = file.read()
    return [of_block(content, path)] if content else []  # it was just cut


def two_ends(path):
    with open(path, "rb") as file:
        content = file.read()
    return [of_block(content[:BLOCK], path + " at its beginning"), of_block(content[SIZE - BLOCK:], path + " at its end")]


def rows():
    db = sqlite3.connect("x.db")
    if db.execute("pragma integrity_check").fetchone()[0] != "ok":
        sys.exit("torn: x.db")
    one, two = (db.execute("select count(*), max(key) from " + table).fetchone() for table in ("one", "two"))
    if one != two or one[0] != one[1]:
        sys.exit("torn: x.db has %s and %s" % (one, two))
    return [one[1]]


found = lines("append") + whole("truncate") + whole("rename") + two_ends("mmap") + two_ends("pwrite") + two_ends("direct") + rows()
if found != sorted(found, reverse=True) or found[0] - found[-1] > 1:
    sys.exit("torn: the files are of several moments, %s" % found)
print(found)
