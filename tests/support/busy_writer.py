"""Writes into a worktree until it must stop, then prints what must not be lost.

Each line of the answer is `how, tab, path, tab, content`: what was written to that path, was whole there, and was never
overwritten by this program itself. `how` is `rename` for what came into the tree whole, `write` for what was written
in place, through a descriptor that may have been opened before its file was taken out of the tree, and `stood` for what
was written in place and still had its name when it was whole.

With a fifth argument, `keep-times`, what is overwritten keeps its modification time: as with `rsync --inplace --times` or
`tar`, only the change time tells that something was written.
"""

import os
import sys
import time

ROOT, STOP, STAGE = sys.argv[1:4]
OVERWRITTEN = sys.argv[4].split(",")
KEEP_TIMES = sys.argv[5:] == ["keep-times"]
LOG = []


def say(how, path, content):
    LOG.append("%s\t%s\t%s" % (how, path, content))


def bring(path, content, count):
    """Writes beside the tree and renames into it."""
    staged = "%s/%d" % (STAGE, count)
    there = os.path.join(ROOT, path)
    with open(staged, "w") as file:
        file.write(content)
        if os.path.exists(there):
            keep_time(file, os.stat(there))
    os.rename(staged, there)


def overwrite(path, content):
    """Writes in place."""
    with open(os.path.join(ROOT, path), "r+") as file:
        before = os.fstat(file.fileno())
        file.write(content)
        file.truncate()
        keep_time(file, before)
        file.flush()
        there = os.stat(os.path.join(ROOT, path))
        return "stood" if os.path.samestat(there, before) else "write"


def keep_time(file, before):
    if KEEP_TIMES:
        file.flush()
        os.utime(file.fileno(), ns=(before.st_atime_ns, before.st_mtime_ns))


def write_new(count):
    """Uses new names, so that this program never overwrites its own files."""
    for how, path in (("rename", "folder/brought-%d" % count), ("rename", "made-%d/deep/brought" % (count // 8 * 8)),
                      ("write", "folder/written-%d" % count)):
        content = "%s %d" % (how, count)
        path = "%s-%d" % (path, count)
        try:
            os.makedirs(os.path.dirname(os.path.join(ROOT, path)), exist_ok=True)
            if how == "rename":
                bring(path, content, count)
            else:
                with open(os.path.join(ROOT, path), "w") as file:
                    file.write(content)
        except OSError:
            continue  # the folder disappeared: nothing was written
        say(how, path, content)


def read(path):
    try:
        with open(os.path.join(ROOT, path)) as file:
            return file.read()
    except OSError:
        return None


class Overwriting:
    """Writes one file again and again, with content of the same length."""

    def __init__(self, how, path):
        self.how, self.path, self.last, self.said = how, path, None, how

    def write(self, count):
        there = read(self.path)
        if self.last is not None and there != self.last:
            say(self.said, self.path, self.last)  # another process moved it, so it must be somewhere
        content = "%s %09d" % (self.how, count)
        try:
            if self.how == "rename":
                bring(self.path, content, count)
            else:
                self.said = overwrite(self.path, content)
        except OSError:
            # The name may have disappeared after everything was written.
            self.last = None
            return
        self.last = content

    def end(self):
        if self.last is not None:
            say(self.said, self.path, self.last)


files = [Overwriting("rename" if index % 2 else "write", path) for index, path in enumerate(OVERWRITTEN)]
count = 0
print("ready", flush=True)
while not os.path.exists(STOP):
    count += 1
    write_new(count)
    for each in files:
        each.write(count)
    time.sleep(0.002)
for each in files:
    each.end()
print("\n".join(LOG))
