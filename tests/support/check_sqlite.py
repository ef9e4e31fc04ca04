"""Says what is wrong with databases that sqlite_writer.py wrote; else how many transactions each has."""

import sqlite3
import sys

for path in sys.argv[1:]:
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("begin")  # all answers are of one moment
        found = db.execute("pragma integrity_check").fetchone()[0]
        one, two = (db.execute("select count(*), coalesce(max(key), 0) from " + table).fetchone() for table in ("one", "two"))
        (total,) = db.execute("select count from total").fetchone()
        ends = {number for (number,) in db.execute("select number from ends where key in (1, 3000, 6000)")} or {total}
        if found != "ok":
            print(found.split("\n")[0])
        elif one != two or one != (total, total) or ends != {total}:
            print("torn: %s rows, %s rows, count %s, %s" % (one, two, total, ends))
        else:
            print(total)
    except sqlite3.DatabaseError as error:
        print(error)
    finally:
        db.close()
