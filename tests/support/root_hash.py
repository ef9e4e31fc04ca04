"""Prints the payload root hash of a folder as SPEC 4 defines it; with --lines what is hashed. No code of JVS is used."""

import hashlib
import os
import stat
import sys

from tree_walk import escape, print_lines, walk


def line(path, folder, name):
    entry = os.stat(name, dir_fd=folder, follow_symlinks=False)
    mode = entry.st_mode
    if stat.S_ISREG(mode):
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
        digest = hashlib.sha256()
        with os.fdopen(handle, "rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
        fields = ["file", escape(path), "%04o" % (mode & 0o7777), str(entry.st_size), digest.hexdigest()]
    elif stat.S_ISLNK(mode):
        target = os.readlink(name, dir_fd=folder)
        fields = ["symlink", escape(path), "", hashlib.sha256(target).hexdigest()]
    elif stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        kind = "char" if stat.S_ISCHR(mode) else "block"
        fields = [kind, escape(path), str(os.major(entry.st_rdev)), str(os.minor(entry.st_rdev)), ""]
    else:
        kind = "dir" if stat.S_ISDIR(mode) else "fifo" if stat.S_ISFIFO(mode) else "socket"
        fields = [kind, escape(path), "", ""]
    return ":".join(fields)


def main(arguments):
    root = os.fsencode(arguments[-1])
    found = [(path, line(path, folder, name)) for path, folder, name in walk(root) if folder is not None]
    lines = [text for _, text in sorted(found)]  # by raw bytes of the whole path, not folder by folder
    if "--lines" in arguments:
        print_lines(lines)
    else:
        print(hashlib.sha256("".join(text + "\n" for text in lines).encode()).hexdigest())


if __name__ == "__main__":
    main(sys.argv[1:])
