import type { FindingCode } from "../../src/model/finding_codes.ts";
import type { AuditRecord, Finding } from "../../src/model/records.ts";
import { recordHash } from "../../src/repo/record_hash.ts";
import { namesIn } from "./files.ts";
import type { JvsOptions } from "./jvs.ts";
import type { Requirement } from "./probes.ts";
import { mustRun } from "./run.ts";
import type { SoundBox, SoundKind } from "./sound_box.ts";

/** One way in which a repository can be broken, what doctor says of it, and how it is mended. */
export interface BrokenRepository {
  /** How it is broken: the end of "jvs doctor finds …". */
  readonly name: string;
  readonly code: FindingCode;
  readonly severity: Finding["severity"];
  readonly repair: string | null;
  /** What doctor finds because of it, too. */
  readonly also?: readonly FindingCode[];
  /** Whether the finding stays and does no harm when all is done. */
  readonly stays?: boolean;
  readonly requires?: readonly Requirement[];
  /** The repository: by default one of the caller's with two worktrees. */
  readonly kind?: SoundKind;
  /** How doctor runs while it is broken. */
  readonly under?: (box: SoundBox) => JvsOptions;
  /** Saves before what garbage collection must keep when all is mended. */
  readonly prepare?: (box: SoundBox) => Promise<void>;
  readonly breakIt: (box: SoundBox) => void | Promise<void>;
  /** What docs/recovery.md tells a person to do: all of it where the finding has no repair, else what comes before or after it. */
  readonly mend?: (box: SoundBox) => void | Promise<void>;
}

/** What doctor says: a critical finding, for which only a person can do something, unless a repair is named. */
export function says(
  severity: Finding["severity"],
  code: FindingCode,
  repair: string | null = null,
): Pick<BrokenRepository, "severity" | "code" | "repair"> {
  return { severity, code, repair };
}

/** The files and folders of a snapshot, below `.jvs`. */
export function partsOf(id: string): string[] {
  return [
    `snapshots/${id}`,
    `snapshots/${id}.READY`,
    `descriptors/${id}.json`,
    `manifests/${id}`,
    `manifests/${id}.pack`,
  ];
}

/** Moves files or folders of `.jvs` out of the repository. */
export function moveAway({ control, copy }: SoundBox, ...paths: string[]): void {
  const away = `${copy}.away-${crypto.randomUUID()}`;
  Deno.mkdirSync(away);
  for (const path of paths) mustRun("mv", `${control}/${path}`, `${away}/${path.replaceAll("/", " ")}`);
}

/** Brings files or folders of `.jvs` back from the copy; what is in their place is moved away before. */
export function bringBack(box: SoundBox, ...paths: string[]): void {
  const { control, copy } = box;
  for (const path of paths) {
    if (mustRun("find", control, "-path", `${control}/${path}`) !== "") moveAway(box, path);
    mustRun("cp", "-a", `${copy}/.jvs/${path}`, `${control}/${path}`);
  }
}

/** Cuts a file of `.jvs` in half. */
export function cut({ control }: SoundBox, path: string): void {
  const file = `${control}/${path}`;
  Deno.chmodSync(file, 0o600);
  Deno.truncateSync(file, Deno.statSync(file).size >> 1);
}

/** Changes fields of a record of `.jvs`. */
export function change({ control }: SoundBox, path: string, fields: object): void {
  const file = `${control}/${path}`;
  Deno.writeTextFileSync(file, JSON.stringify({ ...JSON.parse(Deno.readTextFileSync(file)), ...fields }));
}

/** Gives a snapshot another parent, with checksums that are right: nothing but the line shows it. */
export async function forgeParent(box: SoundBox, id: string, parent: string): Promise<void> {
  const file = `${box.control}/descriptors/${id}.json`;
  const { descriptor_checksum: _, ...rest } = JSON.parse(Deno.readTextFileSync(file));
  const forged = { ...rest, parent_snapshot_id: parent };
  const descriptor_checksum = { algo: "sha256", value: await recordHash(forged) };
  change(box, `descriptors/${id}.json`, { ...forged, descriptor_checksum });
  change(box, `snapshots/${id}.READY`, { descriptor_checksum });
}

/** The newest audit record of an operation, as `jvs audit` shows it. */
export async function lastRecord({ box }: SoundBox, ...flags: string[]): Promise<AuditRecord> {
  const { records } = await box.json<{ records: AuditRecord[] }>(["audit", ...flags, "-n", "1"], {
    cwd: box.path,
  });
  const [record] = records;
  if (record === undefined) throw new Error(`jvs audit ${flags.join(" ")} names nothing`);
  return record;
}

/** Makes main again, whose record is missing, from the snapshot that was its head, and brings into it what was not saved. */
export async function makeAgain({ box, copy, head }: SoundBox): Promise<void> {
  const away = `${copy}.main`;
  mustRun("mv", box.main, away);
  await box.json(["worktree", "create", "main", "--from", head], { cwd: box.path });
  for (const name of namesIn(away)) mustRun("cp", "-a", `${away}/${name}`, `${box.path}/worktrees/main`);
}
