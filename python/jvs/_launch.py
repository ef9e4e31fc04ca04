"""Starts JVS: finds a Deno, and becomes that Deno. What is not needed for it is not imported, because each import costs time."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

_HERE = os.path.dirname(os.path.abspath(__file__))
_PROGRAM = os.path.join(_HERE, "_program", "jvs.js")
_CONFIG = os.path.join(_HERE, "_program", "deno.json")
_WINDOWS = os.name == "nt"
_DENO = "deno.exe" if _WINDOWS else "deno"
# Deno obeys these too. What they are meant for is another program: some load its files, or write files for it.
_NOT_OURS = (
    "NODE_OPTIONS NODE_CHANNEL_FD NODE_UNIQUE_ID NODE_V8_COVERAGE DENO_V8_FLAGS DENO_PERMISSION_BROKER_PATH "
    "DENO_AUDIT_PERMISSIONS DENO_TRACE_PERMISSIONS DENO_COVERAGE_DIR DENO_CONDITIONS OTEL_DENO"
)

_WITH_VALUE = "--repo --directory -C -hC -qC --progress --lock-timeout --session --session-file --reason".split()


def main() -> NoReturn:
    """Runs the command with the arguments of this process."""
    arguments = sys.argv[1:]
    if not all(os.access(file, os.R_OK) and os.path.getsize(file) > 0 for file in (_PROGRAM, _CONFIG)):
        _fail(
            f"Cannot start: files of the Python package are missing in {_HERE}. Install it again, for example with "
            "`pip install --force-reinstall jvs`."
        )
    _leave_removed_folder(arguments)
    permissions = _permission_set(arguments)
    for name in _NOT_OURS.split():
        os.environ.pop(name, None)
    deno = _find_deno()
    os.environ["DENO_NO_UPDATE_CHECK"] = "1"
    if not (_is_terminal(1) or _is_terminal(2)):
        os.environ["NO_COLOR"] = "1"  # Deno colours its own messages even where they cannot be seen
    if not os.path.isdir(os.environ.get("HOME", "")):
        os.environ.pop("HOME", None)  # as in bin/jvs
    if not os.environ.get("DENO_DIR") and any(_is_of_another(name) for name in ("HOME", "XDG_CACHE_HOME")):
        os.environ["DENO_DIR"] = os.devnull  # as in bin/jvs
    command = [deno, "run", "-q", "--no-prompt", "--no-remote", "--no-npm"]
    command += ["--v8-flags=--min-semi-space-size=16,--max-semi-space-size=16"]  # as in bin/jvs
    command += ["--config", _CONFIG, "-P=" + permissions, _PROGRAM, *arguments]
    try:
        if _WINDOWS:
            _run_on_windows(command)
        os.execv(deno, command)
    except OSError:  # for example a Deno for another C library
        _fail(
            f"Cannot start: {deno} does not run on this system. Install Deno 2.9 for it "
            "(https://docs.deno.com/runtime/getting_started/installation), and name it in JVS_DENO."
        )


def _is_of_another(variable: str) -> bool:
    """Whether a folder in a variable is another user's, so that what Deno caches there is, too."""
    folder = os.environ.get(variable)
    try:
        return bool(folder) and os.stat(folder or "").st_uid != os.geteuid()
    except (OSError, AttributeError):
        return False


def _permission_set(arguments: list[str]) -> str:
    """As in bin/jvs, which has the reasons: `run` where the words ask for a program, or for hooks and this user trusts some."""
    words = []
    rest = iter(arguments)
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif word == "--" or (word[:1] != "-" and words):
            words.append(word)
            break
        elif word[:1] != "-":
            words.append(word)
            if word not in ("lock", "conformance"):
                break
    if words == ["conformance", "run"]:
        return "run"
    if words == ["lock", "run"]:
        # The command gets what the user has of the variables that change here.
        for name in (_NOT_OURS + " DENO_NO_UPDATE_CHECK DENO_DIR NO_COLOR HOME").split():
            if name in os.environ:
                os.environ["JVS_GIVEN_" + name] = os.environ[name]
        os.environ["JVS_GIVEN"] = "yes"
        return "run"
    if words[:1] in (["snapshot"], ["restore"]) and _trusts_programs():
        return "run"
    return "jvs"


def _trusts_programs() -> bool:
    home = os.environ.get("HOME")
    settings = os.environ.get("XDG_CONFIG_HOME") or (home and os.path.join(home, ".config"))
    try:
        found = os.stat(os.path.join(settings or "", "jvs", "trusted_programs.json"))
        return found.st_size > 0 and found.st_uid == os.geteuid()
    except (OSError, AttributeError):
        return False


def _find_deno() -> str:
    named = os.environ.get("JVS_DENO")
    if named:
        found = named if os.path.dirname(named) else _on_path(named)
        if found is None or not _is_program(found) or not _is_right_version(found):
            _fail(f'Cannot start: JVS_DENO is "{named}", which is no Deno 2.9. Name one in it, or unset it.')
        return found
    # pip puts the Deno that this package depends on beside the Python of a virtual environment.
    beside = os.path.join(os.path.dirname(sys.executable), _DENO)
    if sys.prefix != sys.base_prefix and _is_program(beside):
        return beside
    for found in (_installed(), _on_path(_DENO)):
        # Another version might read the permission set differently.
        if found is not None and _is_right_version(found):
            return found
    _fail(
        "Cannot start: there is no Deno 2.9. pip installs it with this package for Python 3.10 and later; for Python 3.9, "
        "install it (https://docs.deno.com/runtime/getting_started/installation), or name it in JVS_DENO."
    )


def _installed() -> str | None:
    """The Deno of PyPI, where it is not beside Python: `pip install --user` or `--target`."""
    try:
        from deno import find_deno_bin

        return os.fsdecode(find_deno_bin())
    except (ImportError, OSError):
        return None


def _on_path(name: str) -> str | None:
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        # What the current folder brings is not looked at.
        if os.path.isabs(folder) and _is_program(os.path.join(folder, name)):
            return os.path.join(folder, name)
    return None


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _is_right_version(deno: str) -> bool:
    import subprocess

    try:
        said = subprocess.run([deno, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return said.startswith(b"deno 2.9.")


def _leave_removed_folder(arguments: list[str]) -> None:
    """Deno does not start in a folder that was removed."""
    try:
        os.getcwd()
        return
    except FileNotFoundError:
        pass
    for before, word in zip(["", *arguments], arguments):
        value = word[2:] if word.startswith("-C") and len(word) > 2 else ""
        if word.startswith("--directory="):
            value = word[len("--directory=") :]
        if before in ("-C", "--directory"):
            value = word
        if os.path.isabs(value):
            os.chdir("/")
            return
    _fail(
        "Cannot work in the current folder: it was removed. Go to another folder with cd, or name one with -C."
    )


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def _run_on_windows(command: list[str]) -> NoReturn:
    """Windows has no exec: this process waits, and leaves Ctrl-C to the program."""
    import signal
    import subprocess

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(subprocess.run(command).returncode)


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"jvs: {message}\n")
    sys.exit(1)
