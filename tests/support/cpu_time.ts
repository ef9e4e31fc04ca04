import process from "node:process";

/** How long a call computes, in milliseconds of this process: another program on the machine does not make it longer. */
export async function cpuTimeOf(call: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
