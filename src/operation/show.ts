import { bytesOf, hexOf, textOf } from "../model/bytes.ts";
import { ENTRY_TYPES, entryTypeName, LOST, type LostAspect, lostAspects } from "../model/entry.ts";
import { isJvsError, JvsError } from "../model/errors.ts";
import { shortId } from "../model/ids.ts";
import { decodePath, encodePath, quoted } from "../model/path_text.ts";
import { Descriptor } from "../model/records.ts";
import { boolean, type Infer, integer, list, nullable, oneOf, record, text } from "../model/schema.ts";
import { SignatureState } from "../model/signing.ts";
import { SignatureJudge } from "../protocol/signing/judge.ts";
import { resolveSnapshot } from "../repo/resolve.ts";
import { type TreeTable } from "../tree/table.ts";
import { at } from "../tree/columns.ts";
import { defineOperation } from "./define.ts";
import type { RepositoryContext } from "../protocol/context.ts";

const Entry = record({
  path: text().about("Encoded as in the payload root hash; `.` is the payload root."),
  type: oneOf(...ENTRY_TYPES).about("What it is; `char` and `block` are device nodes."),
  mode: text().about("Four octal digits."),
  uid: integer().about("The number of the user who owns it."),
  gid: integer().about("The number of the group that owns it."),
  size: integer({ min: 0 }).about("Bytes of a file's content or a link's target; 0 for a folder."),
  mtime: text().about("Seconds since 1970, with nine decimals."),
  content_hash: nullable(text()).about(
    "SHA-256 of a file's content or a link's target; null if there is none or it was not read.",
  ),
  target: nullable(text()).about("The target of a symbolic link; null for anything else."),
  lost: list(oneOf(...Object.keys(LOST) as LostAspect[])).about("What the payload could not keep of it."),
});

/** Shows everything about one snapshot. */
export const show = defineOperation({
  name: "show",
  summary: "Show everything about a snapshot",
  examples: [
    ["jvs show", "the snapshot that this worktree stands on"],
    ["jvs show v1 --files", "with every entry"],
    ["jvs show v1 data", "with the entries in data"],
  ],
  changes: "nothing",
  input: record({
    snapshot: text().default("HEAD").about("The snapshot; by default the one this worktree stands on.")
      .cli({ positional: true, completes: "snapshot" }),
    path: text().optional().about("List only this path of the snapshot, and what is below it.")
      .cli({ positional: true }),
    files: boolean().default(false).about("List every entry."),
  }, { closed: true }),
  output: record({
    snapshot: Descriptor.about("The snapshot's record."),
    integrity_state: oneOf("sealed", "unsealed", "pruned").about(
      "sealed: its record is valid and has the hash of its content (`jvs verify` reads the content too); " +
        "unsealed: its content is not hashed yet; pruned: only its place in the history was kept.",
    ),
    worktree: nullable(text()).about("Its worktree; null if that was removed."),
    refs: list(text()).about("The names of the refs to it."),
    path: text().about("The folder of its files."),
    signature: SignatureState.about("How it is signed. `jvs verify` reads the content too."),
    files: nullable(list(Entry)).about("Null unless you ask for them."),
  }),
  async run(context, input) {
    const { store } = context;
    const id = await resolveSnapshot(store, input.snapshot, context);
    const snapshot = await store.snapshots.descriptor(id);
    const state = snapshot.payload_root_hash === null ? "unsealed" as const : "sealed" as const;
    const isListed = input.files || input.path !== undefined;
    return {
      snapshot,
      integrity_state: store.snapshots.exists(id) ? state : "pruned" as const,
      worktree: worktreeNameOf(context, snapshot.worktree_id),
      refs: store.refs.list().filter((ref) => ref.snapshot_id === id).map((ref) => ref.ref_name),
      path: store.layout.payload(id).path,
      signature: await (await SignatureJudge.open(store)).judge(snapshot),
      files: isListed ? entriesOf(await store.snapshots.manifest(id), id, input.path) : null,
    };
  },
});

function worktreeNameOf({ store }: RepositoryContext, worktreeId: string): string | null {
  for (const name of store.worktrees.names()) {
    try {
      if (store.worktrees.find(name)?.worktree_id === worktreeId) return name;
    } catch (error) {
      // A damaged record of another worktree must not hide this snapshot.
      if (!isJvsError(error, "E_DESCRIPTOR_CORRUPT")) throw error;
    }
  }
  return null;
}

function entriesOf(table: TreeTable, id: string, path: string | undefined): Infer<typeof Entry>[] {
  const top = path === undefined ? 0 : indexOf(table, id, path);
  const entries: Infer<typeof Entry>[] = [];
  for (let i = top; i < table.count; i++) if (isWithin(table, i, top)) entries.push(entryOf(table, i));
  return entries;
}

/** Follows the parents up: in root-hash order `a.txt` is between the folder `a` and `a/b`, so a range is not enough. */
function isWithin(table: TreeTable, index: number, top: number): boolean {
  let above = index;
  while (above > top) above = at(table.parent, above);
  return above === top;
}

function indexOf(table: TreeTable, id: string, path: string): number {
  const plain = path.replace(/^(\.\/+)+/, "").replace(/\/+$/, "");
  if (plain === "" || plain === ".") return 0;
  // The user may have typed the path itself, or copied it in the encoding that results use.
  const typed = table.find(bytesOf(plain));
  const found = typed === -1 ? table.find(decodePath(plain)) : typed;
  if (found !== -1) return found;
  throw new JvsError("E_NOT_FOUND", `Cannot find ${quoted(path)} in snapshot ${shortId(id)}`, {
    hint: "Give the path relative to the worktree's root. `jvs show SNAPSHOT --files` lists all paths.",
    details: { snapshot_id: id, path },
  });
}

function entryOf(table: TreeTable, i: number): Infer<typeof Entry> {
  const hash = table.contentHash(i);
  const target = table.targets.get(i);
  return {
    path: i === 0 ? "." : encodePath(table.path(i)),
    type: entryTypeName(at(table.type, i)),
    mode: at(table.mode, i).toString(8).padStart(4, "0"),
    uid: at(table.uid, i),
    gid: at(table.gid, i),
    size: at(table.size, i),
    mtime: `${at(table.mtimeSec, i)}.${String(at(table.mtimeNsec, i)).padStart(9, "0")}`,
    content_hash: hash === undefined ? null : hexOf(hash),
    target: target === undefined ? null : textOf(target),
    lost: lostAspects(at(table.lost, i)),
  };
}
