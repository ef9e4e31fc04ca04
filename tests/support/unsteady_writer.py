"""Keeps a worktree moving: files vanish, appear, grow, and become folders, and two of them are always one step apart.

`x` is written before `y`, whole and by rename, so that at any one moment x - y is 0 or 1. Between bursts there is a
pause, if one is asked for.
"""

import os
import sys
import time

ROOT, STOP, STAGE, PAUSE = sys.argv[1:5]
os.chdir(ROOT)


def put(name, content):
    with open(STAGE, "w") as file:
        file.write(content)
    os.rename(STAGE, name)


count = 0
put("x", "0")
put("y", "0")
os.makedirs("many", exist_ok=True)
for index in range(30):
    put("many/%d" % index, "many %d" % index)
print("ready", flush=True)
while not os.path.exists(STOP):
    for _ in range(20):
        count += 1
        put("x", str(count))
        name = "many/%d" % (count % 30)
        if count % 3 == 0:
            os.remove(name)
        with open(name, "a") as file:
            file.write("grown %d\n" % count)
        if os.path.isdir("turns"):
            os.rmdir("turns")
        else:
            if os.path.exists("turns"):
                os.remove("turns")
                os.mkdir("turns")
            else:
                put("turns", "a file")
        put("y", str(count))
    time.sleep(float(PAUSE))
