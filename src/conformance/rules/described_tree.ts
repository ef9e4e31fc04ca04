import type { Box } from "../black_box/laboratory.ts";
import { NotRun } from "../black_box/promises.ts";

/**
 * What the system's own tools say of a tree, a line for each aspect of each entry: type, mode, owner, time in nanoseconds,
 * size and content, target, which names are one file, attributes. Nothing of JVS is used for it.
 */
export async function described(box: Box, folder: string = box.main): Promise<string[]> {
  let text: string;
  try {
    text = await box.shell(SCRIPT, folder);
  } catch (error) {
    throw new NotRun(`the system's stat, find or sha256sum cannot say what a tree is: ${String(error)}`);
  }
  const lines = text.split("\n").filter((line) => line !== "");
  const inodes = new Map<string, string>();
  return lines.map((line) => {
    const [what = "", path = "", value = ""] = line.split("\t");
    if (what !== "inode") return `${path}\t${what}\t${value}`;
    // Which names are one file: by the first of them.
    if (!inodes.has(value)) inodes.set(value, path);
    return `${path}\tis the file\t${inodes.get(value)}`;
  });
}

/** The size of a folder and its links are the file system's own business. */
const SCRIPT = `LC_ALL=C; export LC_ALL
find . -exec stat -c 'meta	%n	%F %a %u %g %y' {} + | sed 's/regular empty file/regular file/' | sort
find . -type f -exec stat -c 'inode	%n	%i' {} + | sort
find . -type f -exec stat -c 'size	%n	%s' {} + | sort
find . -type f -exec sha256sum {} + | sed 's/^\\([^ ]*\\)  \\(.*\\)$/content	\\2	\\1/' | sort
find . -type l -exec sh -c 'for f; do printf "target\\t%s\\t%s\\n" "$f" "$(readlink "$f")"; done' sh {} + | sort
for program in "getfattr -d -e hex" "getfacl -n"; do
  if command -v \${program%% *} >/dev/null; then
    find . -type f -exec $program {} + 2>/dev/null |
      awk '/^# file: /{ f = substr($0, 9); sub(/^\\.\\//, "", f); next } NF && !/^#/{ print "attribute\\t./" f "\\t" $0 }' | sort
  fi
done`;

/** The lines that only one of two descriptions has. */
export function differing(before: readonly string[], after: readonly string[]): string[] {
  return [...new Set(before).symmetricDifference(new Set(after))];
}
