"""Puts another content hash into the stat cache of main, with the sum that the cache has at its end: REPOSITORY GOOD EVIL (texts)."""

import glob
import hashlib
import json
import struct
import sys

repository, good, evil = sys.argv[1:]
control = f"{repository}/.jvs"
worktree = json.load(open(f"{control}/worktrees/main/config.json"))["worktree_id"]
[cache] = glob.glob(f"{control}/runtime/hosts/*/cache/{worktree}.stat")
before = open(cache, "rb").read()
old, new = (hashlib.sha256(text.encode()).digest() for text in (good, evil))
assert before.count(old) == 1, "the cache does not have the hash of that content"
data = bytearray(before.replace(old, new))
words = struct.unpack(f"<{(len(data) - 8) // 4}I", bytes(data[:-8]))
sums = [0x811C9DC5, 0x01000193]
for index, word in enumerate(words):
    mixed = ((sums[index % 2] ^ word) * 0x01000193) & 0xFFFFFFFF
    sums[index % 2] = mixed ^ (mixed >> 15)
data[-8:] = struct.pack("<2I", *sums)
open(cache, "wb").write(data)
