import { run } from "./run.ts";

/** A Redis server of our own, whose data are gone when it ends. */
export interface Redis extends AsyncDisposable {
  /** Where JuiceFS finds it. */
  readonly metadata: string;
  readonly pid: number;
}

/** Starts a server that is reached only through a socket in a folder. */
export async function startRedis(folder: string): Promise<Redis> {
  const socket = `${folder}/redis.sock`;
  const args = ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder];
  // In a session of its own: Ctrl-C must not end it before the volume is unmounted. It ends with this program, however that ends.
  const server = new Deno.Command("setsid", {
    args: ["setpriv", "--pdeathsig", "TERM", "redis-server", ...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await untilAnswered(socket);
  return {
    metadata: `unix://${socket}?db=1`,
    pid: server.pid,
    async [Symbol.asyncDispose]() {
      server.kill();
      await server.status;
    },
  };
}

async function untilAnswered(socket: string): Promise<void> {
  while (run("redis-cli", "-s", socket, "ping").stdout.trim() !== "PONG") {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
