"""Exchanges entries with symbolic links, again and again, until its input ends: each `PATH LINK` of its arguments.

Where the entry is gone meanwhile it waits until it is back. In the end each entry is at its path again. A path with `*` is any entry
that matches at the moment, and is exchanged back before another one. It prints how often it exchanged one, and how often by a pattern.
"""
import ctypes
import fnmatch
import os
import random
import select
import shutil
import stat
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
EXCHANGE = 2


class Place:
    """An entry of a folder that is reached from the root without following any link: what links lead to is not ours, either."""

    def __init__(self, path):
        *folders, self.name = os.fsencode(path).split(b"/")[1:]
        self.fd = os.open("/", os.O_PATH | os.O_DIRECTORY)
        for folder in folders:
            above = self.fd
            try:
                self.fd = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
            finally:
                os.close(above)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)

    def is_link(self):
        return stat.S_ISLNK(os.stat(self.name, dir_fd=self.fd, follow_symlinks=False).st_mode)

    def exchange(self, other):
        return LIBC.renameat2(self.fd, self.name, other.fd, other.name, EXCHANGE) == 0


def matching(pattern, above="/"):
    """As `glob` finds them, but through no link: to list what a link leads to would change its time."""
    first, *rest = pattern.split("/")
    try:
        fd = os.open(above, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW) if isinstance(above, str) else above
        names = fnmatch.filter(os.listdir(fd), first) if "*" in first else [first]
    except OSError:
        return
    for name in names:
        if not rest:
            yield name
            continue
        try:
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
        except OSError:
            continue
        try:
            for found in matching("/".join(rest), inner):
                yield f"{name}/{found}"
        finally:
            os.close(inner)
    if isinstance(above, str):
        os.close(fd)


def make_link(link, target):
    """The link was put into the tree, and something else came back for it."""
    if stat.S_ISDIR(os.lstat(link).st_mode):
        shutil.rmtree(link)
    else:
        os.unlink(link)
    os.symlink(target, link)


def swap(path, link, target, back=False):
    """Whether it exchanged them; with `back` only if a link stands at the path."""
    try:
        with Place(path) as here, Place(link) as aside:
            if here.is_link() == aside.is_link():
                if here.is_link():
                    return False
                make_link(link, target)
            return (here.is_link() or not back) and here.exchange(aside)
    except OSError:
        return False  # something is gone at the moment


class Pair:
    """A path and the link that is exchanged with what is there."""

    def __init__(self, path, link):
        self.path, self.link, self.target = path, link, os.readlink(link)

    is_pattern = False

    def swap(self, back=False):
        return swap(self.path, self.link, self.target, back)


class Pattern(Pair):
    """Any entry that matches. Where a link stands now, it may be gone with what it is in."""

    is_pattern = True
    last = None

    def swap(self, back=False):
        if self.last is not None:
            path, self.last = self.last, None
            return swap(path, self.link, self.target, back=True)
        found = [] if back else [f"/{each}" for each in matching(self.path[1:])]
        path = random.choice(found) if found else None
        if path is None or not swap(path, self.link, self.target):
            return False
        self.last = path
        return True


def main():
    pairs = [(Pattern if "*" in path else Pair)(path, link) for path, link in zip(sys.argv[1::2], sys.argv[2::2])]
    patterns = [pair for pair in pairs if pair.is_pattern]
    swaps = by_pattern = 0
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not select.select([sys.stdin], [], [], 0)[0]:
        for _ in range(20):
            pair = random.choice(patterns if patterns and random.random() < 0.25 else pairs)
            if pair.swap():
                swaps += 1
                by_pattern += pair.is_pattern
            time.sleep(random.choice((0, 0, 0, 0.00005, 0.001)))
    for pair in pairs:
        pair.swap(back=True)
    print(swaps, by_pattern, flush=True)


main()
