import { isJvsError, JvsError } from "../model/errors.ts";
import { checkRefName, isAccepted } from "../model/names.ts";
import { quoted } from "../model/path_text.ts";
import { Ref } from "../model/records.ts";
import { record } from "../model/schema.ts";
import { requireFolders, requireKeepers } from "./kept_folders.ts";
import type { Layout } from "./layout.ts";
import { damaged, readRecord, recordText } from "./record_file.ts";

const MOST_NAMED = 20;

/** One that does not say so may be of a line that was left. */
const StoredRef = record({ ...Ref.fields, keeps_line: Ref.fields.keeps_line.default(true) });

/** The names of snapshots in a repository, one file for each. The caller holds the lock for changes. */
export class Refs {
  constructor(private readonly layout: Layout) {}

  /** The names of all refs, sorted, with damaged ones. */
  names(): string[] {
    return this.layout.refs.jsonNames().filter(isRefName).sort();
  }

  /** All refs, sorted by name. A damaged one is `E_DESCRIPTOR_CORRUPT`: its snapshot must not look unprotected. */
  list(): Ref[] {
    return this.names().flatMap((name) => this.find(name) ?? []);
  }

  /** The ref, or nothing; also nothing for an invalid name. */
  find(name: string): Ref | undefined {
    if (!isRefName(name)) return undefined;
    const file = this.layout.ref(name);
    const what = `the ref ${quoted(name)}`;
    const ref = readRecord(file, StoredRef, what);
    if (ref === undefined || ref.ref_name === name) return ref;
    throw damaged(file, what, `it is that of another ref, ${quoted(ref.ref_name)}`);
  }

  /** The ref, or `E_NOT_FOUND`, which names the refs that exist. */
  get(name: string): Ref {
    const ref = this.find(name);
    if (ref === undefined) throw this.notFound(name);
    return ref;
  }

  /** Makes a ref; `E_ALREADY_EXISTS` when the name is taken, also when two processes make it at once. */
  create(ref: Ref): Ref {
    const made = { ...ref, ref_name: checkRefName(ref.ref_name) };
    requireKeepers(this.layout, `make ref "${made.ref_name}"`);
    this.layout.refs.make();
    try {
      this.layout.ref(made.ref_name).create(recordText(made));
    } catch (error) {
      if (!isJvsError(error, "E_ALREADY_EXISTS")) throw error;
      throw new JvsError("E_ALREADY_EXISTS", `Cannot create ref ${quoted(made.ref_name)}: it exists`, {
        hint: "Choose another name, or delete that ref first with `jvs ref delete`.",
        details: { ref_name: made.ref_name },
        cause: error,
      });
    }
    return made;
  }

  /** Removes a ref and returns it. A damaged one can be removed only by its file. */
  remove(name: string): Ref {
    const ref = this.get(name);
    if (!this.layout.ref(name).remove()) throw this.notFound(name);
    return ref;
  }

  private notFound(name: string): JvsError {
    requireFolders(this.layout, ["refs"], `find ref ${quoted(name)}`);
    const names = this.names();
    const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
    return new JvsError("E_NOT_FOUND", `Cannot find ref ${quoted(name)}: no ref has that name`, {
      hint: names.length === 0
        ? "This repository has no refs yet: make one with `jvs ref create`."
        : `Use one of these: ${names.slice(0, MOST_NAMED).join(", ")}${more}.`,
      details: { ref_name: name, refs: names.slice(0, MOST_NAMED) },
    });
  }
}

function isRefName(name: string): boolean {
  return isAccepted(name, checkRefName);
}
