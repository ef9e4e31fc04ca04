import { isJvsError } from "../../model/errors.ts";
import { isFindingCode } from "../../model/finding_codes.ts";
import { firstFew } from "../../model/first_few.ts";
import { decodePath } from "../../model/path_text.ts";
import type { Finding } from "../../model/records.ts";
import { nowMs } from "../../platform/clock.ts";
import { type DamageOf, keepDamage, type NotedDamage, storedDamage } from "../../repo/damage_store.ts";
import { mayKeepReadings, readingsLock } from "../../repo/readings_store.ts";
import type { Store } from "../../repo/store.ts";
import type { TreeTable } from "../../tree/table.ts";
import type { RepositoryContext } from "../context.ts";
import { damageFound } from "./finding.ts";

/** What a run found damaged in a snapshot. */
export interface FoundDamage {
  readonly error: string;
  /** Encoded; none where a record is damaged, or what is wrong has no place. */
  readonly paths: readonly string[];
  /** Whether something was left unread that may be damaged too. */
  readonly isPartly: boolean;
}

/**
 * What verifications of this user and host found damaged. Each later one that is about such a snapshot reads that again, whatever it leaves
 * out else, until it is sound: a job that reads a part each night does not fall silent the night after. docs/design/damage-stays-found.md.
 */
export class KnownDamage {
  private readonly found: DamageOf = new Map();
  private readonly sound = new Set<string>();

  private constructor(private readonly store: Store, private readonly before: DamageOf) {}

  /** With what is remembered. */
  static async open(store: Store): Promise<KnownDamage> {
    return new KnownDamage(store, await storedDamage(store));
  }

  /** Whether an earlier run found something in this snapshot. */
  has(id: string): boolean {
    return this.before.has(id);
  }

  /** Which files of the snapshot to read again, by their indexes in its payload as it was found. */
  filesOf(id: string, found: TreeTable): Pick<ReadonlySet<number>, "has"> {
    const noted = this.before.get(id);
    if (noted?.paths === null) return { has: () => true };
    return new Set(noted?.paths.map((path) => found.find(decodePath(path))));
  }

  /** Notes it. The first is kept at once, lest a run that is ended has found nothing. */
  async noteFound(id: string, { error, paths, isPartly }: FoundDamage): Promise<void> {
    const noted = { time: nowMs(), error, paths: paths.length === 0 ? null : paths };
    this.found.set(id, isPartly ? both(noted, this.before.get(id)) : noted);
    if (this.found.size === 1) await this.keep();
  }

  /** All was read again that an earlier run found damaged in this snapshot, and nothing is. */
  noteSound(id: string): void {
    if (this.before.has(id)) this.sound.add(id);
  }

  /** Nothing is said if it cannot be kept: a memory that is lost is only forgotten. */
  async keep(): Promise<void> {
    if (this.found.size === 0 && this.sound.size === 0 || !mayKeepReadings(this.store)) return;
    try {
      using _lock = await this.store.locks.own(readingsLock(this.store));
      await this.add();
    } catch (error) {
      if (!isJvsError(error)) throw error;
    }
  }

  /** What another run found since this one began is news to it: that stays, be it sound here. */
  private async add(): Promise<void> {
    const stored = await storedDamage(this.store);
    const isNews = (id: string) => {
      const time = stored.get(id)?.time;
      return time !== this.before.get(id)?.time && time !== this.found.get(id)?.time;
    };
    for (const id of this.sound) if (!isNews(id)) stored.delete(id);
    for (const [id, noted] of this.found) {
      const all = isNews(id) ? both(noted, stored.get(id)) : noted;
      this.found.set(id, all);
      stored.set(id, all);
    }
    await keepDamage(this.store, stored);
  }
}

function both(one: NotedDamage, other: NotedDamage | undefined): NotedDamage {
  if (other === undefined) return one;
  const paths = one.paths && other.paths && [...new Set([...one.paths, ...other.paths])];
  return { ...one, paths };
}

/** Tells what was found damaged and not found sound since. Reads no content. */
export async function checkKnownDamage({ store }: RepositoryContext): Promise<Finding[]> {
  const damage = await storedDamage(store);
  return [...damage].map(([id, { time, error, paths }]) => {
    const code = isFindingCode(error) ? error : "E_PAYLOAD_HASH_MISMATCH";
    const named = firstFew(paths?.map((path) => path || ".") ?? []);
    const when = `A verification of ${new Date(time).toISOString()} found that it is not what was saved`;
    const message = `${when}${named && `: ${named}`}. \`jvs verify ${id}\` reads that again.`;
    return damageFound(id, code, message);
  });
}
