import type { BytePath } from "../model/bytes.ts";

/** A process that uses a folder. */
export interface UserOfFolder {
  readonly pid: number;
  /** The program's name. */
  readonly name: string;
  /** Its working folder is in the folder, or it has a file in it open. */
  readonly uses: "folder" | "file";
}

/** What other processes use below a folder. */
export interface PlacesInUse {
  /** Their working folders and what they have open, by the path below it. */
  readonly paths: readonly BytePath[];
  /** The inodes that they watch on its file system (`inodeText`). */
  readonly watched: ReadonlySet<string>;
}
