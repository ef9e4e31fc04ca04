"""Writes into a worktree until it is told to stop, and then says what of it must not be lost.

Each line of the answer is `how, tab, path, tab, content`: what was written to that path, was whole there, and was never
overwritten by this program itself. `how` is `rename` for what came into the tree whole, `write` for what was written
in place, through a descriptor that may have been opened before its file was taken out of the tree.
"""

import os
import sys
import time

ROOT, STOP, STAGE = sys.argv[1:4]
OVERWRITTEN = sys.argv[4].split(",")
LOG = []


def say(how, path, content):
    LOG.append("%s\t%s\t%s" % (how, path, content))


def bring(path, content, count):
    """Writes beside the tree and renames into it."""
    staged = "%s/%d" % (STAGE, count)
    with open(staged, "w") as file:
        file.write(content)
    os.rename(staged, os.path.join(ROOT, path))


def write_new(count):
    """New names, so that this program never overwrites what it wrote."""
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
            continue  # the folder went away just then: nothing was written
        say(how, path, content)


def read(path):
    try:
        with open(os.path.join(ROOT, path)) as file:
            return file.read()
    except OSError:
        return None


class Overwriting:
    """One file, written again and again, with content of one length."""

    def __init__(self, how, path):
        self.how, self.path, self.last = how, path, None

    def write(self, count):
        there = read(self.path)
        if self.last is not None and there != self.last:
            say(self.how, self.path, self.last)  # somebody else took it away, so it must be somewhere
        content = "%s %09d" % (self.how, count)
        try:
            if self.how == "rename":
                bring(self.path, content, count)
            else:
                with open(os.path.join(ROOT, self.path), "r+") as file:
                    file.write(content)
                    file.truncate()
        except OSError:
            self.last = None
            return
        self.last = content

    def end(self):
        if self.last is not None:
            say(self.how, self.path, self.last)


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
