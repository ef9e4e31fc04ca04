import type { BytePath } from "../model/bytes.ts";
import { DegradationList } from "../model/degradations.ts";
import { isSystemError } from "../platform/system_error.ts";
import { type Boundary, BOUNDARY_REASONS } from "./boundaries.ts";
import { isRefused } from "./unreadable.ts";

/** What a scan has to say of a tree beside its entries. The fields are those of `Scan`. */
export class ScanNotes {
  readonly degradations = new DegradationList();
  readonly ignored: BytePath[] = [];
  readonly unreadable: BytePath[] = [];
  readonly boundaries = new Map<number, Boundary>();
  readonly gaps = new Set<number>();

  /** All of it, for the result. */
  all(): Pick<ScanNotes, "degradations" | "ignored" | "unreadable" | "boundaries" | "gaps"> {
    const { degradations, ignored, unreadable, boundaries, gaps } = this;
    return { degradations, ignored, unreadable, boundaries, gaps };
  }

  /** Notes an entry that is not entered. */
  boundary(index: number, boundary: Boundary, path: BytePath): void {
    this.boundaries.set(index, boundary);
    this.gaps.add(index);
    this.degradations.add(boundary, path, BOUNDARY_REASONS[boundary]);
  }

  /** Notes a path whose access the system refused. */
  refused(path: BytePath): void {
    this.unreadable.push(path.slice());
    this.degradations.add("unreadable", path, "The system refused access to it.");
  }

  /** Notes a refused path, ignores a path that disappeared, and throws every other error. */
  failure(error: unknown, path: () => BytePath): void {
    if (isRefused(error)) this.refused(path());
    else if (!isSystemError(error, "ENOENT", "ENOTDIR", "ELOOP")) throw error;
  }
}
