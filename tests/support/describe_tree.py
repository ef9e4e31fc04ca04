"""Prints all aspects of all entries of a tree in lines `path TAB aspect TAB value`, in the order of raw paths."""

import hashlib
import os
import stat
import sys

from tree_walk import escape, print_lines, walk

TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "dir",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "char",
    stat.S_IFBLK: "block",
}
# The block size of holes differs between file systems, so only larger holes are compared.
HOLE_GRAIN = 64 * 1024


def describe(path, folder, name):
    entry = os.stat(name, dir_fd=folder, follow_symlinks=False)
    kind = TYPES[stat.S_IFMT(entry.st_mode)]
    yield "type", kind
    if kind != "symlink":
        yield "mode", "%04o" % stat.S_IMODE(entry.st_mode)
    yield "owner", "%d:%d" % (entry.st_uid, entry.st_gid)
    yield "mtime", "%d.%09d" % divmod(entry.st_mtime_ns, 10**9)
    yield "ctime", "%d.%09d" % divmod(entry.st_ctime_ns, 10**9)
    yield "inode", str(entry.st_ino)
    if kind == "file":
        yield "size", str(entry.st_size)
        yield from content(folder, name, entry.st_size)
    elif kind == "symlink":
        yield "target", escape(os.readlink(name, dir_fd=folder))
    elif kind in ("char", "block"):
        yield "device", "%d:%d" % (os.major(entry.st_rdev), os.minor(entry.st_rdev))
    yield from xattrs(folder, name)


def content(folder, name, size):
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
    except PermissionError:
        yield "content", "unreadable"
        return
    with os.fdopen(handle, "rb") as file:
        digest = hashlib.sha256()
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
        yield "content", digest.hexdigest()
        yield "data", data_ranges(handle, size)


def data_ranges(handle, size):
    """Where the file has data, in whole grains: a file without holes that count is `0-<size>`."""
    ranges = []
    at = 0
    while at < size:
        try:
            start = os.lseek(handle, at, os.SEEK_DATA)
        except OSError:
            break  # nothing but a hole up to the end
        end = os.lseek(handle, start, os.SEEK_HOLE)
        at = end
        start -= start % HOLE_GRAIN
        end = min(size, end + -end % HOLE_GRAIN)
        if ranges and ranges[-1][1] >= start:
            ranges[-1][1] = max(end, ranges[-1][1])
        else:
            ranges.append([start, end])
    if size <= HOLE_GRAIN:
        return "0-%d" % size
    return ",".join("%d-%d" % tuple(found) for found in ranges) or "none"


def xattrs(folder, name):
    # There is no listxattr by descriptor and name. This path is short at any depth.
    path = name if folder is None else b"/proc/self/fd/%d/" % folder + name
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return  # a file system or a type of entry without them
    for key in sorted(names):
        if key != "security.selinux":
            value = os.getxattr(path, key, follow_symlinks=False)
            yield "xattr " + escape(os.fsencode(key)), value.hex()


def main(root):
    lines = []
    groups = {}
    for path, folder, name in walk(os.fsencode(root)):
        shown = escape(path) or "."
        lines += [(path, "%s\t%s\t%s" % (shown, aspect, value)) for aspect, value in describe(path, folder, name)]
        entry = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if entry.st_nlink > 1 and not stat.S_ISDIR(entry.st_mode):
            groups.setdefault((entry.st_dev, entry.st_ino), []).append(path)
    for paths in groups.values():
        if len(paths) > 1:  # other links are outside the tree
            lines += [(path, "%s\tlinks\t%s" % (escape(path), escape(min(paths)))) for path in paths]
    print_lines(line for _, line in sorted(lines, key=lambda line: line[0]))


if __name__ == "__main__":
    main(sys.argv[1])
