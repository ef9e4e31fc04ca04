/** Scans a tree once, as JVS does, and prints the milliseconds that it took and those of the processor. */
import { openPlatform } from "../../src/platform/open_platform.ts";
import { scanTree } from "../../src/tree/scan.ts";
import process from "node:process";

const platform = openPlatform();
using root = platform.openFolder(Deno.args[0] ?? ".");
const began = performance.now();
const cpu = process.cpuUsage();
await scanTree(root, { exactStat: platform.abilities.exactStat, xattrs: platform.abilities.xattrs });
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ wallMs: performance.now() - began, cpuMs: (user + system) / 1000 }));
