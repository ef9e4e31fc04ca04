/**
 * Variables that make the launcher of the checkout start JVS without the C library. They put a Deno into `folder` that
 * grants all other permissions in place of the set `jvs`.
 */
export function withoutFfi(folder: string): Record<string, string> {
  const path = `${folder}/deno-without-ffi`;
  const allowed = "--allow-read --allow-write --allow-run=juicefs,cp --allow-sys --allow-env";
  const script = `#!/bin/sh
for argument; do
  shift
  case $argument in
  -P=jvs) set -- "$@" ${allowed} ;;
  *) set -- "$@" "$argument" ;;
  esac
done
exec '${Deno.execPath()}' "$@"
`;
  Deno.writeTextFileSync(path, script);
  Deno.chmodSync(path, 0o755);
  return { JVS_DENO: path };
}
