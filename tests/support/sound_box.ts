import { USER } from "./as_user.ts";
import { BlackBox } from "./black_box.ts";
import { contentsOf, payloadsOf } from "./kept_content.ts";
import { mustRun } from "./run.ts";
import { atEndOfFile, tempDir } from "./temp_dir.ts";

/** What is saved and named in it. */
interface Names {
  /** The snapshots of main, of which the ref names the first and the pin the second. */
  readonly first: string;
  readonly second: string;
  readonly head: string;
  /** An autosave that nothing names but the audit trail. */
  readonly leaf: string;
  readonly pin: string;
}

/** A sound repository with something of every kind to lose, and a copy of it. */
export interface SoundBox extends Disposable, Names {
  readonly box: BlackBox;
  readonly control: string;
  /** The worktree beside main; it has unsaved work, as main has. */
  readonly other: string;
  /** A copy of the whole repository, made by `cp -a`. */
  readonly copy: string;
}

/** Whose repository it is, and how it is made. */
export type SoundKind = "usual" | "adopted" | "of a user";

/** The id of no snapshot. */
export const UNKNOWN = "1795236123903-66272f6d";

const originals = new Map<SoundKind, { box: BlackBox; names: Names }>();

/** A sound repository. The first of a kind is made step by step, the others are copies of it. */
export async function soundBox(kind: SoundKind): Promise<SoundBox> {
  if (kind === "adopted") return await adopted();
  let original = originals.get(kind);
  if (original === undefined) {
    const box = await BlackBox.make(kind === "usual" ? {} : { user: USER });
    original = { box, names: await fill(box) };
    originals.set(kind, original);
    atEndOfFile(() => box[Symbol.dispose]());
  }
  const box = await BlackBox.copyOf(original.box);
  return withCopy(box, box.outside, original.names, () => box[Symbol.dispose]());
}

async function adopted(): Promise<SoundBox> {
  const folder = tempDir();
  Deno.mkdirSync(`${folder.path}/mine`);
  const box = await BlackBox.adopt(`${folder.path}/mine`);
  return withCopy(box, folder.path, await fill(box), () => folder[Symbol.dispose]());
}

function withCopy(box: BlackBox, outside: string, names: Names, end: () => void): SoundBox {
  const copy = `${outside}/copy`;
  mustRun("cp", "-a", box.path, copy);
  const { control, path } = box;
  return { box, control, other: `${path}/worktrees/other`, copy, ...names, [Symbol.dispose]: end };
}

async function fill(box: BlackBox): Promise<Names> {
  box.write("a.txt", "one\n");
  box.write("folder/b.txt", "one\n");
  const { snapshot_id: first } = await box.save("one");
  box.write("a.txt", "two\n");
  const { snapshot_id: second } = await box.save("two");
  box.write("a.txt", "three\n");
  const { snapshot_id: head } = await box.save("three");
  box.write("a.txt", "a leaf\n");
  const { autosave_snapshot_id: leaf } = await box.json<{ autosave_snapshot_id: string }>([
    "restore",
    second,
  ]);
  await box.json(["restore", "HEAD"]);
  await box.json(["ref", "create", "named", first]);
  const { pin } = await box.json<{ pin: { pin_id: string } }>(["gc", "pin", second]);
  await box.json(["worktree", "fork", "other"]);
  box.write("a.txt", "not saved\n");
  Deno.writeTextFileSync(`${box.path}/worktrees/other/c.txt`, "not saved\n");
  return { first, second, head, leaf, pin: pin.pin_id };
}

/** Every content of worktrees and snapshots, each once. */
export function everyContent({ box, control, other }: SoundBox): Set<string> {
  const all = [box.main, `${box.path}/worktrees/main`, other].map(contentsOf).concat(
    ...payloadsOf(control).values(),
  );
  return new Set(all.flatMap((contents) => [...contents].map(([path, content]) => `${path}: ${content}`)));
}
