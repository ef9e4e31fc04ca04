import { hexOf } from "../../src/model/bytes.ts";

type Content = Uint8Array<ArrayBuffer>;

/** A registry of one package, on loopback. */
export interface SmallRegistry extends AsyncDisposable {
  readonly url: string;
}

/** Serves a package as JSR does, for JSR_URL. Each file has its path in the package, which begins with a slash. */
export function smallJsr(
  { name, version, exports, files }: {
    readonly name: string;
    readonly version: string;
    readonly exports: Readonly<Record<string, string>>;
    readonly files: ReadonlyMap<string, Content>;
  },
): SmallRegistry {
  return served(async (path) => {
    if (path === `/${name}/meta.json`) {
      return Response.json({ name, latest: version, versions: { [version]: {} } });
    }
    if (path === `/${name}/${version}_meta.json`) {
      const manifest: Record<string, unknown> = {};
      for (const [file, content] of files) {
        const checksum = `sha256-${hexOf(await digest("SHA-256", content))}`;
        manifest[file] = { size: content.length, checksum };
      }
      return Response.json({ manifest, exports });
    }
    const content = files.get(path.slice(`/${name}/${version}`.length));
    return content === undefined ? new Response("", { status: 404 }) : new Response(content);
  });
}

/** Serves a package as npm's registry does, for npm_config_registry. All other packages come from that of the user. */
export function smallNpm(
  manifest: { readonly name: string; readonly version: string },
  tarball: Content,
  upstream: string,
): SmallRegistry {
  const { name, version } = manifest;
  const file = `/${name}/-/${name}-${version}.tgz`;
  const registry = served(async (path) => {
    if (path === file) return new Response(tarball);
    if (path !== `/${name}`) return Response.redirect(new URL(path, upstream));
    const integrity = `sha512-${btoa(String.fromCharCode(...await digest("SHA-512", tarball)))}`;
    const dist = { tarball: new URL(file, registry.url).href, integrity };
    return Response.json({
      name,
      "dist-tags": { latest: version },
      versions: { [version]: { ...manifest, dist } },
    });
  });
  return registry;
}

function served(answer: (path: string) => Promise<Response>): SmallRegistry {
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = Deno.serve(options, ({ url }) => answer(new URL(url).pathname));
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
    },
  };
}

async function digest(algorithm: string, content: Content): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest(algorithm, content));
}
