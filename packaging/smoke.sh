#!/bin/sh
# The README's tour by the `jvs` on PATH: what each package must be able to do where it was just installed. It works in a
# new folder below the current one.
set -eu
jvs version
work=$(mktemp -d "$PWD/smoke.XXXXXX")
cd "$work"
jvs init lab >&2
cd lab/main
echo one > notes
jvs snapshot first >&2
echo two > notes
jvs restore HEAD >&2
[ "$(cat notes)" = one ] || { echo "The restore did not bring back the content." >&2; exit 1; }
jvs verify --all >&2
jvs worktree fork other >&2
[ "$(cat ../worktrees/other/notes)" = one ] || { echo "The fork has other content." >&2; exit 1; }
rm -rf "$work"
echo "The tour worked."
