"""Walks a tree on bytes and by folder descriptors, so that any name and any depth works. No code of JVS is used."""

import os
import resource
import sys


def walk(root):
    """Yields (path, folder descriptor, name) of every entry, parents first; the root itself as (b"", None, root)."""
    _allow_many_open_folders()
    yield b"", None, root
    stack = [(os.open(root, os.O_RDONLY | os.O_DIRECTORY), b"")]
    todo = [_names(stack[0][0])]
    while stack:
        folder, prefix = stack[-1]
        if not todo[-1]:
            os.close(folder)
            stack.pop()
            todo.pop()
            continue
        name = todo[-1].pop()
        path = prefix + name
        yield path, folder, name
        entry = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if (entry.st_mode & 0o170000) == 0o040000:
            below = _open_folder(name, folder)
            if below is not None:
                stack.append((below, path + b"/"))
                todo.append(_names(below))


def escape(path):
    """SPEC 4: percent, colon, control bytes and bytes that are no UTF-8 become %XX."""
    text = []
    for character in path.decode("utf-8", "surrogateescape"):
        code = ord(character)
        if 0xDC80 <= code <= 0xDCFF:
            text.append("%%%02X" % (code - 0xDC00))
        elif code < 0x20 or code == 0x7F or character in "%:":
            text.append("%%%02X" % code)
        else:
            text.append(character)
    return "".join(text)


def print_lines(lines):
    """Prints UTF-8 with any locale."""
    sys.stdout.buffer.write("".join(line + "\n" for line in lines).encode())


def _names(folder):
    # Descriptors list strings with the bytes hidden in them; popped from the end, so the last comes first.
    return sorted((os.fsencode(name) for name in os.listdir(folder)), reverse=True)


def _open_folder(name, folder):
    try:
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
    except PermissionError:
        return None  # its content cannot be described; its own mode says why


def _allow_many_open_folders():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
