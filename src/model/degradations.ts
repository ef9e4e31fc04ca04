import type { BytePath } from "./bytes.ts";
import type { DegradationKind } from "./entry.ts";
import { encodePath } from "./path_text.ts";
import type { Degradation, Degradations } from "./records.ts";

const NAMED = 100;

/** Collects what could not be kept: counts all, and names the first hundred. SPEC 5. */
export class DegradationList {
  private readonly counts = new Map<DegradationKind, number>();
  private readonly first: Degradation[] = [];

  /** Adds one. */
  add(kind: DegradationKind, path: BytePath, reason: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    if (this.first.length < NAMED) this.first.push({ kind, path: encodePath(path), reason });
  }

  /** Adds all of another list. */
  addAll(other: DegradationList): void {
    for (const [kind, count] of other.counts) this.counts.set(kind, (this.counts.get(kind) ?? 0) + count);
    this.first.push(...other.first.slice(0, NAMED - this.first.length));
  }

  /** How many there are. */
  get total(): number {
    return this.counts.values().reduce((sum, count) => sum + count, 0);
  }

  /** The form in descriptors and results. */
  toRecord(): Degradations {
    return { counts: Object.fromEntries(this.counts), first: [...this.first] };
  }
}
