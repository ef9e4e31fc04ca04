"""Tries everything of SPEC 4 in an empty folder, each in a folder of its own, and prints `name TAB what came of it`."""

import ctypes
import fcntl
import os
import socket
import stat
import struct
import sys

FILE = b"file"
DAY = 86_400
FINE = 987_654_321
LIBC = ctypes.CDLL(None, use_errno=True)
NOREPLACE, EXCHANGE = 1, 2
FICLONE = 0x40049409


def write(path, content=b"content\n"):
    with open(path, "wb") as file:
        file.write(content)


def modes():
    for mode in (0o400, 0o640, 0o755, 0o4755, 0o2711):
        write(b"%04o" % mode)
        os.chmod(b"%04o" % mode, mode)
    os.mkdir(b"folder")
    os.chmod(b"folder", 0o1750)
    return all(stat.S_IMODE(os.stat(name).st_mode) == int(name, 8) for name in os.listdir(b".") if name != b"folder")


def owners():
    write(FILE)
    os.chown(FILE, 12345, 4_000_000_000)
    return (os.stat(FILE).st_uid, os.stat(FILE).st_gid) == (12345, 4_000_000_000)


def times():
    write(FILE)
    os.mkdir(b"folder")
    for name in FILE, b"folder":
        os.utime(name, ns=(10**18 + FINE, 10**18 + FINE))
    kept = os.stat(FILE).st_mtime_ns - 10**18
    for step, shown in ((1, "1 ns"), (100, "100 ns"), (1000, "1 µs"), (10**7, "10 ms"), (10**9, "1 s")):
        if kept == FINE - FINE % step:
            return shown
    return "2 s"


def symlinks():
    os.symlink(b"/absolute", b"absolute")
    os.symlink(b"nowhere/at all", b"dangling")
    return os.readlink(b"absolute") == b"/absolute" and os.readlink(b"dangling") == b"nowhere/at all"


def hardlinks():
    write(FILE)
    os.link(FILE, b"other")
    return os.stat(FILE).st_ino == os.stat(b"other").st_ino


def special():
    os.mkfifo(b"fifo", 0o620)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(b"socket")
    return stat.S_ISFIFO(os.stat(b"fifo").st_mode) and stat.S_ISSOCK(os.stat(b"socket").st_mode)


def devices():
    os.mknod(b"null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    os.mknod(b"disk", 0o600 | stat.S_IFBLK, os.makedev(259, 262143))
    return os.stat(b"disk").st_rdev == os.makedev(259, 262143)


def sparse():
    with open(FILE, "wb") as file:
        file.seek(4 << 20)
        file.write(b"data")
        file.truncate(8 << 20)
    with open(FILE, "rb") as file:
        os.fsync(file.fileno())
        found = os.lseek(file.fileno(), 0, os.SEEK_DATA)
    if found > 0:
        return "yes"
    return "without being seen" if os.stat(FILE).st_blocks < 8192 else "no"


def xattrs():
    write(FILE)
    os.setxattr(FILE, "user.color", b"bl\0ue\xff")
    return os.getxattr(FILE, "user.color") == b"bl\0ue\xff"


def longxattrs():
    write(FILE)
    os.setxattr(FILE, "user.long", b"x" * 60_000)
    return True


def capabilities():
    write(FILE)
    os.chmod(FILE, 0o755)
    os.setxattr(FILE, "security.capability", struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0))
    return True


def acls():
    entries = ((1, 6, 0xFFFFFFFF), (2, 5, 12345), (4, 4, 0xFFFFFFFF), (0x10, 5, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF))
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    write(FILE)
    os.mkdir(b"folder")
    os.setxattr(FILE, "system.posix_acl_access", acl)
    os.setxattr(b"folder", "system.posix_acl_default", acl)
    return True


def bytenames():
    for name in b"no-utf8-\xff\xfe", b"surrogate-\xed\xa0\x80":
        write(name, b"named " + name)
    os.symlink(b"target-\xff", b"link")
    return True


def oddnames():
    for name in b"new\nline", b"a:b", b"back\\slash", b"*?<>|\"", b"dot.", b" space ":
        write(name, b"named " + name)
        if name not in os.listdir(b"."):
            return False
    return True


def case():
    return both(b"name", b"Name")


def forms():
    return both(b"\xc3\xa9", b"e\xcc\x81")


def both(one, other):
    write(one, one)
    write(other, other)
    return len(os.listdir(b".")) == 2


def longnames():
    write(b"n" * 255)
    try:
        write(b"\xc3\xa9" * 200)
    except OSError:
        return "255 bytes"
    return "255 characters"


def depth():
    """A path of more than 4,096 bytes, which no system call takes as a whole."""
    here = os.open(b".", os.O_RDONLY)
    for level in range(20):
        name = b"%03d-" % level + b"d" * 236
        os.mkdir(name, dir_fd=here)
        here = os.open(name, os.O_RDONLY, dir_fd=here)
    os.close(os.open(FILE, os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=here))
    return True


def rename(flags):
    write(b"one", b"1")
    write(b"other" if flags == EXCHANGE else b"third", b"2")
    if LIBC.renameat2(-100, b"one", -100, b"other", flags) < 0:
        raise OSError(ctypes.get_errno(), "")
    return True


def flock():
    write(FILE)
    with open(FILE, "rb") as first, open(FILE, "rb") as second:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def fsync():
    os.mkdir(b"folder")
    os.fsync(os.open(b"folder", os.O_RDONLY))
    return True


def changetimes():
    write(FILE)
    before = os.stat(FILE).st_ctime_ns
    os.utime(FILE, ns=(before - DAY * 10**9, before - DAY * 10**9))
    return os.stat(FILE).st_ctime_ns >= before


def inodes():
    write(FILE)
    before = os.stat(FILE).st_ino
    os.rename(FILE, b"renamed")
    return os.stat(b"renamed").st_ino == before


def reflink():
    write(FILE, b"x" * 65536)
    with open(FILE, "rb") as source, open(b"clone", "wb") as target:
        fcntl.ioctl(target, FICLONE, source.fileno())
    return True


def tmpfile():
    os.close(os.open(b".", os.O_TMPFILE | os.O_RDWR, 0o600))
    return True


# What a snapshot can keep stays; the rest is only tried.
KEPT = (modes, owners, times, symlinks, hardlinks, special, devices, sparse, xattrs, longxattrs, capabilities, acls, bytenames,
        oddnames, case, forms, longnames, depth)
CALLS = (lambda: rename(EXCHANGE), lambda: rename(NOREPLACE), flock, fsync, changetimes, inodes, reflink, tmpfile)
CALL_NAMES = ("exchange", "noreplace", "flock", "fsync", "changetimes", "inodes", "reflink", "tmpfile")


def observe(name, attempt, folder):
    os.mkdir(folder)
    os.chdir(folder)
    try:
        came = attempt()
    except OSError:
        came = False
    finally:
        os.chdir(b"..")
    print("%s\t%s" % (name, {True: "yes", False: "no"}.get(came, came)))


def main(what, root):
    os.umask(0o022)
    os.chdir(root)
    names = [each.__name__ for each in KEPT] if what == "kept" else CALL_NAMES
    for name, attempt in zip(names, KEPT if what == "kept" else CALLS):
        observe(name, attempt, os.fsencode(name))


main(sys.argv[1], os.fsencode(sys.argv[2]))
