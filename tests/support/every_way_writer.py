"""Writes into a folder in every way that a program can, until it must stop, then prints what it wrote.

Each round writes its number by each way, in the order of `WAYS`, into a file that shows whether it is whole. So at each moment each
file has the number of this round or of the one before, and no later way has a higher number than an earlier one. Each file is
opened by its path and closed again. Between two rounds there is a pause, in which only the database is written.

With `records`, each number also goes into a file of its own for each way, into the end of `log` and into a row of `x.db`: these must
never be lost.
"""

import mmap
import os
import random
import sqlite3
import sys
import time
import zlib

ROOT, STOP, SEED, RECORDS = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:] == ["records"]
WAYS = ["append", "truncate", "rename", "mmap", "pwrite", "direct", "sqlite"]
SIZE = 256 * 1024
BLOCK = 4096
STAGE = "stage"  # in the tree: that may be a file system of its own (a btrfs subvolume)
chance = random.Random(SEED)
os.chdir(ROOT)
os.makedirs("records", exist_ok=True)
log = []


def line(number):
    text = "%d " % number
    return (text + "%08x\n" % zlib.crc32(text.encode())).encode()


def block(number):
    return (line(number) * (BLOCK // len(line(number)) + 1))[:BLOCK - 1] + b"\n"


def append(path, number):
    with open(path, "ab", buffering=0) as file:
        file.write(line(number))


def truncate(path, number):
    with open(path, "wb", buffering=0) as file:  # empty, then whole
        file.write(block(number))


def rename(path, number):
    with open(STAGE, "wb") as file:
        file.write(block(number))
    os.rename(STAGE, path)


def opened(path, flags=0):
    new = not os.path.exists(path)
    file = os.open(path, os.O_RDWR | os.O_CREAT | flags)
    if new:
        os.ftruncate(file, SIZE)
    return file


def through_map(path, number):
    """Its first block, then its last."""
    file = opened(path)
    with mmap.mmap(file, SIZE) as there:
        there[0:BLOCK] = block(number)
        there[SIZE - BLOCK:SIZE] = block(number)
    os.close(file)


def pwrite(path, number):
    file = opened(path)
    os.pwrite(file, block(number), 0)
    os.pwrite(file, block(number), SIZE - BLOCK)
    os.close(file)


def direct(path, number):
    file = opened(path, os.O_DIRECT)
    with mmap.mmap(-1, BLOCK) as aligned:
        aligned.write(block(number))
        os.pwrite(file, aligned, 0)
        os.pwrite(file, aligned, SIZE - BLOCK)
    os.close(file)


def transaction(number):
    db = sqlite3.connect("x.db", timeout=60, isolation_level=None)
    try:
        db.execute("pragma synchronous=normal")
        db.execute("pragma journal_mode=wal")
        db.execute("begin immediate")
        for table in ("one", "two"):
            db.execute("create table if not exists %s (key integer primary key, value blob)" % table)
            db.execute("insert or replace into %s values (?, ?)" % table, (number, b"<row %d>" % number + os.urandom(chance.choice([9, 3000]))))
        db.execute("commit")
    finally:
        db.close()


BY = {"append": append, "truncate": truncate, "rename": rename, "mmap": through_map, "pwrite": pwrite, "direct": direct}


def attempt(what, write):
    """A restore may take away a folder, or a database while it is open: what fails was not written."""
    try:
        write()
        log.append(what)
    except (OSError, sqlite3.Error) as error:
        if not RECORDS:
            raise error


number = 0
print("ready", flush=True)
while not os.path.exists(STOP):
    number += 1
    if RECORDS:
        for way, write in BY.items():
            path = "records/%d.%s" % (number, way)
            attempt(path, lambda: write(path, number))
        attempt("log %d" % number, lambda: append("log", number))
        attempt("row %d" % number, lambda: transaction(number))
        time.sleep(chance.random() * 0.01)
    else:
        for way in WAYS:
            transaction(number) if way == "sqlite" else BY[way](way, number)
        until = time.monotonic() + chance.random() * 0.3
        while time.monotonic() < until and not os.path.exists(STOP):
            transaction(number)
print("\n".join(log) if RECORDS else number)
