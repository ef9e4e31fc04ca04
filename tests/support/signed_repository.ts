import type { Fields, InferFields } from "../../src/model/schema.ts";
import type { Context, RepositoryContext } from "../../src/protocol/context.ts";
import type { FreeOperation, Operation } from "../../src/operation/define.ts";
import { configSet } from "../../src/operation/config_set.ts";
import { keyCreate } from "../../src/operation/key_create.ts";
import { snapshot } from "../../src/operation/snapshot.ts";
import { TestRepository } from "./repository.ts";

/** A repository that is signed, with the config folders of some users outside of it. */
export class Signed implements Disposable {
  private constructor(
    readonly repository: TestRepository,
    readonly publicKey: string,
    private readonly configs = repository.outside,
  ) {}

  /** Makes a repository in which Anna signs everything with a key of hers. */
  static async make(parent?: string): Promise<Signed> {
    const repository = await TestRepository.make(parent);
    repository.write("main/a.txt", "one\n");
    const options = { userConfig: `${repository.outside}/anna` };
    const { public_key } = await repository.call(keyCreate, { name: "anna" }, options);
    await repository.call(configSet, { key: "signing.key", value: "anna" }, options);
    return new Signed(repository, public_key);
  }

  /** Another repository of the same users, signed with the same key. */
  async another(): Promise<Signed> {
    const repository = await TestRepository.make();
    repository.write("main/a.txt", "one\n");
    const other = new Signed(repository, this.publicKey, this.configs);
    await other.call(configSet, { key: "signing.key", value: "anna" });
    return other;
  }

  /** The config folder of a user. */
  configOf(user: string): string {
    return `${this.configs}/${user}`;
  }

  get path(): string {
    return this.repository.path;
  }

  /** Runs an operation as a user, Anna by default. */
  async call<I extends Fields, O>(
    operation: Operation<I, O> | FreeOperation<I, O>,
    input: Partial<InferFields<I>> = {},
    { as: user = "anna", ...more }: Partial<Context> & { as?: string } = {},
  ): Promise<O> {
    return await this.repository.call(operation, input, { userConfig: this.configOf(user), ...more });
  }

  /** Saves a snapshot as a user, and gives its id. */
  async save(note = "", options: Partial<Context> & { as?: string } = {}): Promise<string> {
    return (await this.call(snapshot, { note }, options)).snapshot.snapshot_id;
  }

  /** The repository as operations of Anna use it. */
  async open(): Promise<RepositoryContext> {
    return await this.repository.open({ userConfig: this.configOf("anna") });
  }

  [Symbol.dispose](): void {
    this.repository[Symbol.dispose]();
  }
}
