"""Writes one SQLite database by transactions until it must stop, then prints how many were committed.

Each transaction adds one row to two tables and one to a number in a third, so that a database with whole transactions, and
nothing else, has as many rows in both as that number says. After `REOPEN` transactions (0: never) it opens the database again.
"""

import os
import random
import sqlite3
import sys
import time

PATH, STOP, MODE, LOCKING = sys.argv[1:5]
SEED, REOPEN = map(int, sys.argv[5:7])
PAUSE = float(sys.argv[7])
ROWS = int(sys.argv[8])  # of 4 kB, between the two ends of the file
chance = random.Random(SEED)


def connect():
    connection = sqlite3.connect(PATH, timeout=60, isolation_level=None)
    connection.execute("pragma locking_mode=%s" % LOCKING)
    connection.execute("pragma synchronous=normal")
    connection.execute("pragma wal_autocheckpoint=%d" % chance.choice([3, 50, 1000]))
    return connection


db = connect()
db.execute("pragma journal_mode=%s" % MODE)
db.execute("create table if not exists one (key integer primary key, value blob)")
db.execute("create table if not exists two (key integer primary key, value blob)")
db.execute("create table if not exists total (count integer)")
# A row at the beginning of the file and one at its end always have the same number: to copy what is between them takes a while.
db.execute("create table if not exists ends (key integer primary key, number, filler blob)")
if MODE == "wal":
    db.execute("begin immediate")
    for key in range(1, ROWS + 1):
        db.execute("insert or ignore into ends values (?, 0, zeroblob(4000))", (key,))
    db.execute("commit")
db.execute("insert into total select 0 where not exists (select * from total)")
print("ready", flush=True)
count = 0
while not os.path.exists(STOP):
    db.execute("begin immediate")
    (key,) = db.execute("select count + 1 from total").fetchone()
    db.execute("insert into one values (?, ?)", (key, os.urandom(chance.choice([10, 300, 5000]))))
    db.execute("insert into two values (?, ?)", (key, os.urandom(chance.choice([10, 3000]))))
    db.execute("update total set count = ?", (key,))
    db.execute("update ends set number = ? where key in (1, ?, ?)", (key, ROWS // 2, ROWS))
    if chance.random() < 0.1:
        db.execute("rollback")
    else:
        db.execute("commit")
        count += 1
    if key % 500 == 0:
        db.execute("begin immediate")
        db.execute("update one set value = x''")
        db.execute("update two set value = x''")
        db.execute("commit")
    if REOPEN and count % REOPEN == 0:
        db.close()
        db = connect()
    if PAUSE:
        time.sleep(chance.random() * PAUSE)
print(count)
