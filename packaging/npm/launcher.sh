# The parts of bin/jvs that differ in the npm package.

# program:begin
for part in jvs.js deno.json; do
  if [ ! -r "$root/$part" ] || [ ! -s "$root/$part" ]; then
    echo "jvs: Cannot start: files of the npm package are missing in $root. Install it again, for example with \`npm install jvs\`." >&2
    exit 1
  fi
done
# program:end

# own:begin
# npm puts the Deno of this system beside this package, above it, or in the package `deno`; pnpm beside the real folder of
# that. It is not looked for outside of the outermost node_modules: what is there may be another user's.
own=
above=$root
while [ -n "$above" ] && [ -z "$own" ]; do
  modules=$above/node_modules
  for place in "$modules"/@deno/*/deno "$modules"/deno/node_modules/@deno/*/deno "$modules"/deno/../@deno/*/deno; do
    [ -f "$place" ] && [ -x "$place" ] || continue
    # Of several, for several systems, the first that runs here.
    if [ -z "$own" ] || { ! [ "$place" -ef "$own" ] && ! is_deno "$own"; }; then own=$place; fi
  done
  [ -n "$own" ] || [ ! -f "$modules/deno/deno" ] || own=$modules/deno/deno
  case $above in
  */node_modules/*) above=${above%/node_modules/*} ;;
  *) above= ;;
  esac
done
# own:end

# run:begin
if [ -n "$deno" ]; then
  exec "$deno" run -q --no-prompt --no-remote --no-npm $young --config "$root/deno.json" "-P=$jvs_set" "$root/jvs.js" "$@"
  exit 1
fi
echo "jvs: Cannot start: there is no Deno 2.9. npm installs it with this package, unless optional dependencies are left out or it has none for this system (such as Alpine Linux). Install it (https://docs.deno.com/runtime/getting_started/installation), or name it in JVS_DENO." >&2
# run:end
