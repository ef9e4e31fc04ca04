import { exists, namesIn } from "../../support/files.ts";
import { fullAudit } from "../../support/full_audit.ts";
import { type Json, jvsJson, runJvs } from "../../support/jvs.ts";
import { contentsOf } from "../../support/kept_content.ts";
import { randomFrom } from "../../support/random.ts";
import { pick } from "../../support/random_tree.ts";
import { edit } from "../model/edits.ts";

/** What a soak did. */
export class SoakCounts {
  rounds = 0;
  edits = 0;
  /** Files that were written while commands ran. */
  written = 0;
  commands = 0;
  refused = 0;
  killed = 0;
  /** The different contents that were looked for. */
  contents = 0;
}

/** A program that nothing ended takes less time than this. */
const LONGEST_LIFE_MS = 1500;
const EACH_AUDIT = 10;
/** The longest pause of the writer. */
const WRITING_MS = 20;
/** How a killed process may end: by the signal, or with its code where a shell tells it. */
const KILLED = 137;
/** So many worktrees there may be. */
const MOST_WORKTREES = 4;

/**
 * A user who edits files by chance in a repository, and processes that work there at once and are killed. Each content that the user
 * wrote must be at its path in a worktree or in a snapshot, until the user overwrites it before it was saved, or says `--discard`.
 */
export class Soak {
  readonly #random: () => number;
  readonly #payloads = new Map<string, ReadonlySet<string>>();
  /** What must be somewhere, as `path\0content`. */
  #must = new Set<string>();
  /** What the writer put at each path last. */
  readonly #last = new Map<string, string>();
  #fresh = 0;

  private constructor(
    readonly repository: string,
    private readonly seed: number,
    private readonly counts: SoakCounts,
    private readonly tell: (line: string) => void,
  ) {
    this.#random = randomFrom(seed);
  }

  /** Begins in a new repository in a folder. */
  static async begin(
    folder: string,
    { seed, counts, tell = () => {} }: { seed: number; counts: SoakCounts; tell?: (line: string) => void },
  ): Promise<Soak> {
    const { repository } = await jvsJson<{ repository: string }>(["init", `soak-${seed}`], { cwd: folder });
    const soak = new Soak(repository, seed, counts, tell);
    for (let n = 0; n < 12; n++) soak.#edit("main");
    soak.#remember();
    return soak;
  }

  /** One round: edits, one to three commands at once with a writer beside them, and a look at what is kept. Throws if something is lost. */
  async round(): Promise<void> {
    this.counts.rounds++;
    for (let n = Math.floor(this.#random() * 5); n > 0; n--) {
      this.#edit(pick(this.#random, this.#worktrees()));
    }
    this.#remember();
    const commands = Array.from({ length: 1 + Math.floor(this.#random() * 3) }, () => this.#command());
    const writer = this.#write();
    const done = await Promise.all(commands.map((args) => this.#run(args)));
    await writer.stop();
    await jvsJson(["doctor", "--repair-runtime"], { cwd: this.repository });
    this.#requireKept([...done, ...writer.told]);
    if (this.counts.rounds % EACH_AUDIT === 0) await this.audit();
  }

  /** Everything is whole. */
  async audit(): Promise<void> {
    await jvsJson(["doctor", "--repair", "clean_tmp"], { cwd: this.repository });
    await fullAudit(this.repository);
  }

  #worktrees(): string[] {
    const others = exists(`${this.repository}/worktrees`) ? namesIn(`${this.repository}/worktrees`) : [];
    return ["main", ...others.map((name) => `worktrees/${name}`)];
  }

  /** The user changes something. What this overwrites need be kept no longer, unless a snapshot has it. */
  #edit(worktree: string): void {
    const root = `${this.repository}/${worktree}`;
    const before = keysOf(root);
    edit(root, this.#random, `${this.seed}-${this.#fresh++}\n`);
    this.counts.edits++;
    const after = keysOf(root);
    this.#giveUp([...before].filter((key) => !after.has(key)));
  }

  /** What is in no snapshot is kept no longer, except where another worktree has it. */
  #giveUp(keys: readonly string[]): void {
    const kept = this.#kept();
    for (const key of keys) if (!kept.has(key)) this.#must.delete(key);
  }

  /** From now on all that is in the worktrees must be kept. */
  #remember(): void {
    for (const worktree of this.#worktrees()) {
      for (const key of keysOf(`${this.repository}/${worktree}`)) this.#must.add(key);
    }
    this.counts.contents = Math.max(this.counts.contents, this.#must.size);
  }

  #command(): string[] {
    const random = this.#random;
    const name = pick(random, this.#worktrees()).replace("worktrees/", "");
    const here = ["--worktree", name];
    const snapshot = pick(random, [...this.#snapshots(), "LATEST"]);
    const fresh = `w${this.#fresh++}`;
    const fork = this.#worktrees().length < MOST_WORKTREES
      ? ["worktree", "fork", "--live", fresh, ...here]
      : ["status", ...here];
    return pick(random, [
      ["snapshot", `note ${fresh}`, "--branch", ...here],
      ["snapshot", `note ${fresh}`, "--branch", "--consistency", "best_effort", ...here],
      ["restore", snapshot, ...here],
      ["restore", snapshot, ...here],
      ["restore", "LATEST", ...here],
      ["restore", snapshot, "--paths", "x1", "d1", ...here],
      fork,
      fork,
      ["worktree", "remove", name === "main" ? fresh : name, "--force"],
      ["gc", "run", "--yes"],
      ["verify", "--all"],
      ["doctor", "--repair-runtime"],
    ]);
  }

  #snapshots(): string[] {
    return namesIn(`${this.repository}/.jvs/snapshots`).filter((name) => name.endsWith(".READY"))
      .map((name) => name.slice(0, -".READY".length));
  }

  /** Runs a command in the repository's folder, which is killed at some moment, or not. */
  async #run(args: readonly string[]): Promise<string> {
    this.counts.commands++;
    const life = 20 + this.#random() * LONGEST_LIFE_MS;
    const under = this.#random() < 0.4 ? ["timeout", "-s", "KILL", `${life / 1000}`] : [];
    const run = await runJvs([...args, "--json", "--lock-timeout", "5m"], { cwd: this.repository, under });
    const wasKilled = run.signal === "SIGKILL" || run.code === KILLED;
    const error: Json = wasKilled || run.code === 0 ? {} : run.json;
    if (wasKilled) this.counts.killed++;
    else if (run.code !== 0) this.counts.refused++;
    const end = wasKilled ? "killed" : run.code === 0 ? "done" : String(error.error);
    const line = `jvs ${args.join(" ")}: ${end}`;
    this.tell(line);
    if (UNEXPECTED.includes(end)) throw new Error(`${line}: ${error.message} (seed ${this.seed})`);
    return line;
  }

  /** Puts files into any worktree by their path, new ones and over its own earlier ones, until it is stopped; each must be kept. */
  #write(): { readonly told: string[]; stop(): Promise<void> } {
    let isOver = false;
    const told: string[] = [];
    const random = randomFrom(this.#fresh);
    const writing = (async () => {
      while (!isOver) {
        await new Promise((resolve) => setTimeout(resolve, random() * WRITING_MS));
        const root = pick(random, this.#worktrees());
        // Named after the worktree: what a fork has of it is never written over.
        const name = `${pick(random, ["", "", "logs/"])}live-${root.split("/").at(-1)}-${
          Math.floor(random() * 3)
        }`;
        const path = `${root}/${name}`;
        const text = `${this.seed} live ${this.#fresh++}\n`;
        if (!this.#put(path, text)) continue; // the folder went at that moment
        this.counts.written++;
        told.push(`wrote ${path}`);
        this.#must.delete(this.#last.get(path) ?? "");
        this.#last.set(path, `${name}\0${text}`);
        this.#must.add(`${name}\0${text}`);
      }
    })();
    return {
      told,
      stop: () => {
        isOver = true;
        return writing;
      },
    };
  }

  /** Puts a file to its path by one rename: so it is there as a whole, or not. */
  #put(path: string, text: string): boolean {
    const made = `${this.repository}/.written`;
    Deno.writeTextFileSync(made, text);
    try {
      Deno.renameSync(made, `${this.repository}/${path}`);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  #kept(): Set<string> {
    const ids = this.#snapshots();
    for (const id of ids) {
      if (!this.#payloads.has(id)) this.#payloads.set(id, keysOf(`${this.repository}/.jvs/snapshots/${id}`));
    }
    const kept = new Set<string>();
    for (const id of ids) for (const key of this.#payloads.get(id) ?? []) kept.add(key);
    for (const worktree of this.#worktrees()) {
      for (const key of keysOf(`${this.repository}/${worktree}`)) kept.add(key);
    }
    return kept;
  }

  #requireKept(told: readonly string[]): void {
    const kept = this.#kept();
    const lost = [...this.#must].filter((key) => !kept.has(key));
    if (lost.length === 0) return;
    const named = lost.slice(0, 5).map((key) => key.replace("\0", ": ").trim()).join("; ");
    throw new Error(
      `${lost.length} contents are in no worktree and no snapshot: ${named}\nafter round ${this.counts.rounds}, ` +
        `seed ${this.seed}, in ${this.repository}:\n${told.join("\n")}`,
    );
  }
}

/** No command of a soak may end like this. */
const UNEXPECTED = [
  "E_INTERNAL",
  "E_BUSY",
  "E_IO",
  "E_DESCRIPTOR_CORRUPT",
  "E_AUDIT_CHAIN_BROKEN",
  "E_LINEAGE_BROKEN",
];

function keysOf(root: string): Set<string> {
  return new Set([...contentsOf(root)].map(([path, content]) => `${path}\0${content}`));
}
