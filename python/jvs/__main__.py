import sys

# By -m, Python looks for modules in the current folder first: what lies there is the user's data and not ours.
if not getattr(sys.flags, "safe_path", False):
    del sys.path[0]

from jvs._launch import main  # noqa: E402

main()
