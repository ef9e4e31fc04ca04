import type { AuditRecord } from "../../src/model/records.ts";
import type { Fields, InferFields } from "../../src/model/schema.ts";
import type { FreeOperation, Operation } from "../../src/operation/define.ts";
import type { Context, RepositoryContext } from "../../src/protocol/context.ts";
import { init } from "../../src/operation/init.ts";
import { snapshot } from "../../src/operation/snapshot.ts";
import { callIn, repositoryIn } from "./context.ts";
import { tempDir } from "./temp_dir.ts";

/** A repository in a temporary folder, for `using`. */
export class TestRepository implements Disposable {
  private constructor(private readonly folder: ReturnType<typeof tempDir>, readonly path: string) {}

  /** Makes an empty repository; `parent` chooses the file system. */
  static async make(parent?: string): Promise<TestRepository> {
    const folder = tempDir(parent === undefined ? {} : { parent });
    const { repository } = await callIn(folder.path, init, { name: "project" });
    return new TestRepository(folder, repository);
  }

  /** Makes a repository with a few files in main; returns also the id of their snapshot. */
  static async saved(): Promise<TestRepository & { readonly first: string }> {
    const made = await TestRepository.make();
    made.write("main/a.txt", "one\n");
    made.write("main/data/b.txt", "two\n");
    return Object.assign(made, { first: await made.save("first") });
  }

  /** The folder of the repository. */
  get outside(): string {
    return this.folder.path;
  }

  get main(): string {
    return `${this.path}/main`;
  }

  /** Runs an operation in a folder of the repository; in main by default. */
  async call<I extends Fields, O>(
    operation: Operation<I, O> | FreeOperation<I, O>,
    input: Partial<InferFields<I>> = {},
    options: Partial<Context> & { in?: string } = {},
  ): Promise<O> {
    const { in: folder = "main", ...more } = options;
    return await callIn(`${this.path}/${folder}`, operation, input, more);
  }

  /** A snapshot of the worktree in a folder, main by default. */
  async save(note = "", folder = "main"): Promise<string> {
    return (await this.call(snapshot, { note }, { in: folder })).snapshot.snapshot_id;
  }

  /** Writes a file and makes its folders. */
  write(path: string, text: string): void {
    const full = `${this.path}/${path}`;
    Deno.mkdirSync(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(full, text);
  }

  read(path: string): string {
    return Deno.readTextFileSync(`${this.path}/${path}`);
  }

  /** The repository as operations use it. */
  async open(more: Partial<Context> = {}): Promise<RepositoryContext> {
    return await repositoryIn(this.main, more);
  }

  /** All audit records; fails if the chain is broken. */
  async audit(): Promise<AuditRecord[]> {
    const { store } = await this.open();
    const records: AuditRecord[] = [];
    for await (const record of store.audit.read()) records.push(record);
    return records;
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}
