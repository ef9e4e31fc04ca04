import { decodePath } from "../../model/path_text.ts";
import type { Extent } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { unlessFailed } from "../../platform/system_error.ts";
import { unlessThrown } from "../../model/errors.ts";
import { RefusedPath } from "../../repo/control_errors.ts";
import { idText } from "../../repo/snapshot_table.ts";
import type { SpaceCount } from "../../repo/space_count.ts";
import { NODE, type Piece } from "../../repo/space_ledger.ts";
import type { Store } from "../../repo/store.ts";
import { PayloadPaths } from "./look_at_payload.ts";

/** So many files are asked at most for one answer. */
const MOST_ASKED = 1000;

/** Finds what worktrees share with payloads that go: a file that was restored alone from an old snapshot keeps its blocks. */
export class OutsideUses {
  private readonly asked = new Set<number>();
  private readonly pieces: Piece[] = [];

  constructor(private readonly store: Store, private readonly count: SpaceCount) {}

  /** Asks the file system about the large units that would come free, once for each, and tells the count what is used elsewhere. */
  look(staying: Int32Array): Promise<void> {
    const { asked, count, pieces } = this;
    const { paths } = count.ledger;
    const fresh = [...paths.keys()].filter((unit) => count.isFreed(unit, staying) && !asked.has(unit));
    for (const unit of fresh.slice(0, MOST_ASKED)) {
      asked.add(unit);
      for (const piece of this.extentsOf(unit) ?? []) {
        if (piece.isShared && count.usersOf(piece) < 2 && this.isTold(unit)) pieces.push(piece);
      }
    }
    count.outside = pieces.sort((a, b) => a.start - b.start);
    return Promise.resolve();
  }

  /** Subvolumes share all their extents: there only that of a single payload tells of something else. */
  private isTold(unit: number): boolean {
    const { held, ledger, holderOf } = this.count;
    const flags = ledger.flags[holderOf(unit)] as number;
    return (flags & NODE.subvolume) === 0 || held[unit] === 1;
  }

  private extentsOf(unit: number): readonly Extent[] | undefined {
    const { count: { ledger, holderOf }, store } = this;
    const node = holderOf(unit);
    const id = idText(ledger.time[node] as number, ledger.digits[node] as number);
    const path = decodePath(ledger.paths.get(unit) ?? "");
    return unlessThrown((error) => error instanceof RefusedPath, () =>
      unlessFailed(ANY, () => {
        using payload = store.layout.payload(id).open();
        using paths = new PayloadPaths(payload);
        return paths.stat(path, new Stat()) ? paths.extents(path) : undefined;
      }));
  }
}

const ANY = ["ENOENT", "ENOTDIR", "EACCES", "EPERM", "ELOOP", "EIO"];
