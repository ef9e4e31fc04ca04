"""Reads all files of a tree and hashes them with SHA-256 on all cores, the largest first: as fast as libcrypto can."""
import hashlib
import multiprocessing
import os
import sys

AT_ONCE = 500


def hash_files(paths):
    buffer = bytearray(1 << 18)
    view = memoryview(buffer)
    for path in paths:
        digest = hashlib.sha256()
        descriptor = os.open(path, os.O_RDONLY)
        while count := os.readv(descriptor, [buffer]):
            digest.update(view[:count])
        os.close(descriptor)
        digest.digest()


if __name__ == "__main__":
    files = [os.path.join(folder, name) for folder, _, names in os.walk(sys.argv[1]) for name in names]
    files.sort(key=os.path.getsize, reverse=True)
    alone = 16
    jobs = [[path] for path in files[:alone]]
    jobs += [files[at : at + AT_ONCE] for at in range(alone, len(files), AT_ONCE)]
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for _ in pool.imap_unordered(hash_files, jobs):
            pass
