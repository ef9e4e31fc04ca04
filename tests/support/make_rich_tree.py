"""Makes a tree with everything in SPEC 4, and prints the names of the things that this machine cannot make."""

import os
import socket
import stat
import struct
import sys

OLD = 1_234_567_890_123_456_789  # 2009, to the nanosecond
LEFT_OUT = []


def attempt(what, function, *arguments, **options):
    """Some things need root, or a file system that has them."""
    try:
        function(*arguments, **options)
    except OSError as error:
        LEFT_OUT.append("%s: %s" % (what, error.strerror))


def write(path, content=b"content\n", mode=0o644):
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)


def plain():
    write(b"a.txt", b"")
    write(b"readme.md", b"# read me\n" * 40)
    write(b"big.bin", bytes(range(256)) * 4096 * 3)
    os.makedirs(b"empty/below/it")
    os.mkdir(b"a")
    write(b"a/b:c", b"abc", 0o640)
    write(b"a-b", b"sorts between a and a/\n")
    write(b".READY", b"a user's own file\n")
    write(b".jvs-anything", b"so is this\n")


def modes():
    os.mkdir(b"modes")
    for mode in (0o400, 0o444, 0o600, 0o755, 0o777, 0o4755, 0o2755, 0o6711, 0o1644):
        write(b"modes/%04o" % mode, b"mode %04o\n" % mode, mode)
    for mode in (0o500, 0o555, 0o700, 0o1777, 0o2775):
        folder = b"modes/dir-%04o" % mode
        os.mkdir(folder)
        write(folder + b"/inside", b"in a folder of mode %04o\n" % mode)
        os.chmod(folder, mode)


def links():
    os.mkdir(b"links")
    os.symlink(b"../readme.md", b"links/to-file")
    os.symlink(b"../a", b"links/to-folder")
    os.symlink(b"nowhere/at/all", b"links/dangling")
    os.symlink(b"/absolute/\xff\n", b"links/odd-target")
    os.symlink(b"to-itself", b"links/to-itself")
    write(b"links/one", b"three names\n")
    os.link(b"links/one", b"links/two")
    os.link(b"links/one", b"a/three")
    attempt("hard-linked symlink", os.link, b"links/dangling", b"links/dangling-too", follow_symlinks=False)


def special():
    os.mkdir(b"special")
    attempt("fifo", os.mkfifo, b"special/fifo", 0o620)
    with socket.socket(socket.AF_UNIX) as listener:
        attempt("socket", listener.bind, b"special/socket")
    attempt("character device", os.mknod, b"special/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    attempt("block device", os.mknod, b"special/disk", 0o600 | stat.S_IFBLK, os.makedev(259, 262143))


def sparse():
    os.mkdir(b"sparse")
    size = 16 << 20
    for name, places in ((b"all-hole", ()), (b"begin", (0,)), (b"middle", (4 << 20, 9 << 20)), (b"end", (size - 6,))):
        with open(b"sparse/" + name, "wb") as file:
            for place in places:
                file.seek(place)
                file.write(b"data\0\n")
            file.truncate(size)


def names():
    os.mkdir(b"names")
    for name in (b"no-utf8-\xff\xfe", b"cut-\xe2\x82", b"surrogate-\xed\xa0\x80", b"new\nline", b"tab\there", b"n" * 255,
                 b"\xc3\xa9" * 127, b"100%25:\x7f", b" leading space", b"-dash", b"e\xcc\x81-nfd", b"\xc3\xa9-nfc", b"back\\slash",
                 b"quote'\"", b"*?[glob]", b"..."):
        write(b"names/" + name, b"named " + name)
    os.mkdir(b"names/folder-\xff")
    write(b"names/folder-\xff/inside\xf0\x9f\x8c\xb2")


def deep():
    """A path of more than 4,096 bytes, which no system call takes as a whole."""
    os.mkdir(b"deep")
    folders = [os.open(b"deep", os.O_RDONLY)]
    for level in range(20):
        name = b"%03d-" % level + b"d" * 236
        os.mkdir(name, dir_fd=folders[-1])
        folders.append(os.open(name, os.O_RDONLY, dir_fd=folders[-1]))
    bottom = folders[-1]
    with open(os.open(b"at-the-bottom", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=bottom), "wb") as file:
        file.write(b"deep\n")
    os.symlink(b"at-the-bottom", b"link", dir_fd=bottom)
    for name in (b"at-the-bottom", b"link"):
        os.utime(name, ns=(OLD, OLD), dir_fd=bottom, follow_symlinks=False)
    for folder in reversed(folders):
        os.utime(folder, ns=(OLD, OLD + 1))
        os.close(folder)


def attributes():
    os.mkdir(b"xattrs")
    write(b"xattrs/file")
    write(b"xattrs/acl", b"acl\n", 0o640)
    os.mkdir(b"xattrs/folder")
    os.symlink(b"file", b"xattrs/symlink")
    attempt("xattr", os.setxattr, b"xattrs/file", "user.color", b"bl\0ue\xff")
    attempt("xattr", os.setxattr, b"xattrs/file", "user.empty", b"")
    for name in b"user.\xe4", b"user.\xe5", b"user.50%:\n":
        attempt("xattr", os.setxattr, b"xattrs/file", name, name)
    attempt("xattr", os.setxattr, b"xattrs/file", "user.long", b"x" * 1500)
    attempt("xattr of a folder", os.setxattr, b"xattrs/folder", "user.color", b"green")
    attempt("acl", os.setxattr, b"xattrs/acl", "system.posix_acl_access", acl())
    attempt("default acl", os.setxattr, b"xattrs/folder", "system.posix_acl_default", acl())
    attempt("trusted xattr", os.setxattr, b"xattrs/file", "trusted.jvs", b"root only")
    attempt("trusted xattr of a symlink", os.setxattr, b"xattrs/symlink", "trusted.jvs", b"link", follow_symlinks=False)
    write(b"xattrs/capable", b"program\n", 0o755)
    capability = struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0)  # cap_net_bind_service, effective
    attempt("capability", os.setxattr, b"xattrs/capable", "security.capability", capability)


def acl():
    """u::rw-, u:12345:r-x, g::r--, m::r-x, o::--- as the kernel keeps it."""
    entries = ((1, 6, 0xFFFFFFFF), (2, 5, 12345), (4, 4, 0xFFFFFFFF), (0x10, 5, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def owners():
    os.mkdir(b"owners")
    for name, uid, gid in ((b"others", 12345, 23456), (b"group", os.getuid(), 23456), (b"large", 4_000_000_000, 4_000_000_001)):
        write(b"owners/" + name)
        attempt("owner", os.chown, b"owners/" + name, uid, gid)
    os.symlink(b"others", b"owners/link")
    attempt("owner of a symlink", os.chown, b"owners/link", 12345, 23456, follow_symlinks=False)
    write(b"owners/setuid", b"of others, with setuid\n")
    attempt("owner", os.chown, b"owners/setuid", 12345, 23456)
    attempt("setuid", os.chmod, b"owners/setuid", 0o4750)


def times():
    """Gives each entry its own time, folders last, without following links. The deep entries have theirs already."""
    os.mkdir(b"times")
    write(b"times/before-1970")
    write(b"times/far-future")
    entries = []
    for folder, folders, files in os.walk(b".", topdown=False):
        if not folder.startswith(b"./deep"):
            entries += [os.path.join(folder, name) for name in sorted(folders) + sorted(files)]
    for number, path in enumerate(sorted(entries, key=lambda path: -path.count(b"/"))):
        when = OLD + number * 1_000_000_007
        os.utime(path, ns=(when, when), follow_symlinks=False)
    for path, when in ((b"times/before-1970", -86_400 * 10**9 + 1), (b"times/far-future", 4_102_444_800 * 10**9 + 999_999_999)):
        os.utime(path, ns=(when, when))
    os.utime(b"times", ns=(OLD, OLD))
    os.utime(b".", ns=(OLD, OLD + 5))


def main(root):
    os.umask(0o022)
    os.chdir(root)
    for part in (plain, modes, links, special, sparse, names, deep, attributes, owners, times):
        part()
    print("\n".join(LEFT_OUT))


main(os.fsencode(sys.argv[1]))
