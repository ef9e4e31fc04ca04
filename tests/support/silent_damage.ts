import { mustRun } from "./run.ts";

/** Other content of the same size in a payload, with the times put back: only who reads it sees that. */
export function damageSilently({ control }: { readonly control: string }, id: string, name: string): void {
  const path = `${control}/snapshots/${id}/${name}`;
  const change = 'touch -r "$1" "$2/time"; chmod u+w "$1"; printf X | dd of="$1" conv=notrunc status=none; ' +
    'chmod u-w "$1"; touch -r "$2/time" "$1"; rm "$2/time"';
  mustRun("sh", "-c", change, "sh", path, control);
}
