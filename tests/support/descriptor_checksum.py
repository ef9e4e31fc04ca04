"""Prints a descriptor's checksum as SPEC 3 defines it: SHA-256 of its RFC 8785 form without the checksum. No code of JVS is used."""

import hashlib
import json
import sys


def canonical(value):
    if isinstance(value, dict):
        # RFC 8785 sorts by UTF-16 code units.
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{%s}" % ",".join(canonical(key) + ":" + canonical(value[key]) for key in keys)
    if isinstance(value, list):
        return "[%s]" % ",".join(map(canonical, value))
    if isinstance(value, float):
        raise SystemExit("a descriptor has no fractions: %r" % value)
    return json.dumps(value, ensure_ascii=False)


def main(path):
    with open(path, encoding="utf-8") as file:
        descriptor = json.load(file)
    del descriptor["descriptor_checksum"]
    print(hashlib.sha256(canonical(descriptor).encode("utf-8")).hexdigest())


if __name__ == "__main__":
    main(sys.argv[1])
