import { assert } from "@std/assert";
import type { AuditRecord, Descriptor } from "../../src/model/records.ts";
import { fullAudit } from "./full_audit.ts";
import { mustRun } from "./run.ts";
import { type Json, type JsonError, jvsError, jvsJson, type JvsOptions, type JvsRun, runJvs } from "./jvs.ts";
import { tempDir, type TempDirOptions } from "./temp_dir.ts";

/** How a repository for black-box tests is made. */
export interface BlackBoxOptions extends TempDirOptions {
  /** The user who runs all commands and owns the folder; by default the user of the tests. */
  user?: number;
  /** A group of all users that shares the repository; private by default. */
  group?: number;
  /** Variables of every command; none by default. */
  env?: Record<string, string>;
}

/** A repository that tests reach only through the program under test, for `using`. */
export class BlackBox implements Disposable {
  private constructor(
    private readonly folder: Disposable & { readonly path: string },
    /** The folder that holds `.jvs`. */
    readonly path: string,
    /** The payload root of the first worktree. */
    readonly main: string,
    private readonly options: BlackBoxOptions,
  ) {}

  /** Makes an empty repository. */
  static async make(options: BlackBoxOptions = {}): Promise<BlackBox> {
    const { user, group } = options;
    const folder = tempDir({
      ...options,
      ...(user !== undefined && Deno.uid() === 0 ? { owner: user } : {}),
    });
    if (group !== undefined) {
      Deno.chownSync(folder.path, user ?? null, group);
      Deno.chmodSync(folder.path, 0o2755); // what is made in it has its group
    }
    const sharing = group === undefined ? [] : ["--shared", "group"];
    const { repository } = await jvsJson<{ repository: string }>(["init", "project", ...sharing], {
      cwd: folder.path,
      ...commandOptions(options),
    });
    return new BlackBox(folder, repository, `${repository}/main`, options);
  }

  /** A copy of a repository in a folder of its own, made as docs/guide.md tells. */
  static async copyOf(box: BlackBox): Promise<BlackBox> {
    const folder = tempDir(box.options.user === undefined ? {} : { owner: box.options.user });
    const inside = (path: string) => `${folder.path}${path.slice(box.outside.length)}`;
    for (const { name } of Deno.readDirSync(box.outside)) {
      mustRun("cp", "-a", `${box.outside}/${name}`, folder.path);
    }
    const copy = new BlackBox(folder, inside(box.path), inside(box.main), box.options);
    await copy.json(["doctor", "--repair-runtime"], { cwd: copy.path });
    return copy;
  }

  /** Puts an existing folder under version control. The folder keeps its owner. */
  static async adopt(folder: string): Promise<BlackBox> {
    const { repository } = await jvsJson<{ repository: string }>(["adopt", folder], { cwd: folder });
    return new BlackBox({ path: folder, [Symbol.dispose]() {} }, repository, folder, {});
  }

  /** The folder that the repository is in. */
  get outside(): string {
    return this.folder.path;
  }

  get control(): string {
    return `${this.path}/.jvs`;
  }

  /** How commands run; in main by default. */
  commands(more: JvsOptions = {}): JvsOptions {
    return { cwd: this.main, ...commandOptions(this.options), ...more };
  }

  async run(args: readonly string[], more: JvsOptions = {}): Promise<JvsRun> {
    return await runJvs(args, this.commands(more));
  }

  /** The result of a command that must succeed. */
  async json<Result = Json>(args: readonly string[], more: JvsOptions = {}): Promise<Result> {
    return await jvsJson<Result>(args, this.commands(more));
  }

  /** The error of a command that must fail with this class. */
  async error(code: string, args: readonly string[], more: JvsOptions = {}): Promise<JsonError> {
    return await jvsError(code, args, this.commands(more));
  }

  /** Saves main and returns the new snapshot. */
  async save(...flags: string[]): Promise<Descriptor> {
    return (await this.json<{ snapshot: Descriptor }>(["snapshot", ...flags])).snapshot;
  }

  /** The whole history of all worktrees. */
  async history(): Promise<Descriptor[]> {
    return (await this.json<{ snapshots: Descriptor[] }>(["history", "--all"])).snapshots;
  }

  /** Fails if anything is wrong. */
  async audit(): Promise<void> {
    await fullAudit(this.path, this.commands());
  }

  /** The records in the file of the audit log, oldest first. */
  records(): AuditRecord[] {
    const text = Deno.readTextFileSync(`${this.control}/audit/audit.jsonl`);
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  /** Writes a file in main and makes its folders. */
  write(path: string, text: string): void {
    const full = `${this.main}/${path}`;
    Deno.mkdirSync(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(full, text);
  }

  read(path: string): string {
    return Deno.readTextFileSync(`${this.main}/${path}`);
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

/** Replaces a piece of a file; the piece must occur once. */
export function editFile(path: string, old: string, by: string): void {
  const text = Deno.readTextFileSync(path);
  assert(text.split(old).length === 2, `"${old}" must be in ${path} exactly once`);
  const { mode } = Deno.statSync(path);
  if (mode !== null) Deno.chmodSync(path, mode | 0o200);
  Deno.writeTextFileSync(path, text.replace(old, () => by));
  if (mode !== null) Deno.chmodSync(path, mode & 0o7777);
}

function commandOptions({ user, group, env }: BlackBoxOptions): JvsOptions {
  return {
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
    ...(env === undefined ? {} : { env }),
  };
}

/** Saves main three times, with `one`, `two` and `three` in `a.txt`; returns the ids. */
export async function threeSaved(box: BlackBox): Promise<[string, string, string]> {
  const save = async (note: string) => {
    box.write("a.txt", `${note}\n`);
    return (await box.save(note)).snapshot_id;
  };
  return [await save("one"), await save("two"), await save("three")];
}
