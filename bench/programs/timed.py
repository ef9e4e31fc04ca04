"""Runs a command and then writes what it took as the last line of standard error, as JSON.

In Python, because only the parent of a process learns its peak of memory, and because this one is small: Linux counts the memory of the
parent as a child's until the child has started its program.
"""
import json
import os
import signal
import sys
import time

began = time.monotonic()
# A group of its own: when this program is ended, everything that the command started ends too.
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, setpgroup=0)


def end(number, _frame):
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    sys.exit(128 + number)


for each in (signal.SIGTERM, signal.SIGINT):
    signal.signal(each, end)
_, status, usage = os.wait4(child, 0)
wall = time.monotonic() - began
took = {
    "wallMs": 1000 * wall,
    "cpuMs": 1000 * (usage.ru_utime + usage.ru_stime),
    "peakMb": usage.ru_maxrss / 1024,
}
sys.stderr.write("\n" + json.dumps(took) + "\n")
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
