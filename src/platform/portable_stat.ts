import { BLOCK, CHAR, DIR, FIFO, FILE, SOCKET, SYMLINK } from "../model/entry.ts";
import type { Stat } from "./platform.ts";

const TWO_32 = 0x1_0000_0000;

/** Fills a `Stat` from Deno's: times in milliseconds, without mount points and inode flags. */
export function fillFrom(info: Deno.FileInfo, into: Stat): void {
  into.type = typeOf(info);
  into.mode = (info.mode ?? 0) & 0o7777;
  into.uid = info.uid ?? 0;
  into.gid = info.gid ?? 0;
  into.nlink = info.nlink ?? 1;
  into.size = info.size;
  into.blocks = info.blocks ?? 0;
  [into.mtimeSec, into.mtimeNsec] = split(info.mtime);
  [into.ctimeSec, into.ctimeNsec] = split(info.ctime);
  const inode = info.ino ?? 0;
  into.inoLo = inode % TWO_32;
  into.inoHi = Math.floor(inode / TWO_32);
  [into.devMajor, into.devMinor] = device(info.dev);
  [into.rdevMajor, into.rdevMinor] = device(info.rdev ?? 0);
  into.mountRoot = false;
  into.inodeFlags = false;
}

function typeOf(info: Deno.FileInfo): number {
  if (info.isFile) return FILE;
  if (info.isDirectory) return DIR;
  if (info.isSymlink) return SYMLINK;
  if (info.isFifo) return FIFO;
  if (info.isSocket) return SOCKET;
  return info.isBlockDevice ? BLOCK : CHAR;
}

function split(time: Date | null): [sec: number, nsec: number] {
  const ms = time?.getTime() ?? 0;
  const sec = Math.floor(ms / 1000);
  return [sec, (ms - sec * 1000) * 1_000_000];
}

/** Linux's dev_t taken apart. */
function device(number: number): [major: number, minor: number] {
  const parts = BigInt(number);
  const major = (parts >> 8n & 0xfffn) | (parts >> 32n & 0xfffff000n);
  const minor = (parts & 0xffn) | (parts >> 12n & 0xffffff00n);
  return [Number(major), Number(minor)];
}
