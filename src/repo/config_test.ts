import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { makeControlFolders } from "../../tests/support/control_plane.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { Config, initialConfig } from "./config.ts";
import { CONFIG_KEYS } from "./config_table.ts";
import { Layout } from "./layout.ts";

interface ConfigAt extends Config {
  /** Where its file is. */
  readonly path: string;
}

function configOf(folder: { path: string }, text?: string): ConfigAt {
  const layout = new Layout(folder.path);
  const { config } = layout;
  makeControlFolders(layout);
  if (text !== undefined) Deno.writeTextFileSync(config.path, text);
  return Object.assign(new Config(config), { path: config.path });
}

Deno.test("Config.get() gives defaults for a missing file and for the one that init wrote", () => {
  using folder = tempDir();
  for (const text of [undefined, initialConfig(), "{}"]) {
    const config = configOf(folder, text);
    assertEquals(config.get("engine"), "auto");
    assertEquals(config.get("lock_timeout"), 30_000);
    assertEquals(config.get("restore.verify_limit"), 1e9);
    assert(config.list().every((item) => item.is_default));
  }
});

Deno.test("initialConfig() explains every setting", () => {
  for (const key of CONFIG_KEYS) assertStringIncludes(initialConfig(), `//   ${key} `);
});

Deno.test("Config.get() reads values, units and comments included", () => {
  using folder = tempDir();
  const config = configOf(
    folder,
    `{ // mine
      "engine": "copy", "lock_timeout": "2m",
      "restore": { "verify_limit": "5 GB", "unsaved": "refuse", },
    }`,
  );
  assertEquals([config.get("engine"), config.getOrDefault("engine")], ["copy", "copy"]);
  assertEquals(config.get("lock_timeout"), 120_000);
  assertEquals(config.get("restore.verify_limit"), 5e9);
  assertEquals(config.get("restore.unsaved"), "refuse");
  assertEquals(config.get("restore.keep_replaced"), 86_400_000);
});

Deno.test("Config.get() names file, line, column and reason of what is wrong, and problem() tells it too", () => {
  using folder = tempDir();
  const broken: [text: string, place: string, reason: string][] = [
    ["", "line 1, column 1", "ends too early"],
    ['{\n  "engine": "copy"', "line 2, column 19", "ends too early"],
    [
      '{\n  "engine": "fast"\n}',
      "line 2, column 13",
      "engine must be one of auto, juicefs-clone, btrfs-snapshot, reflink-copy, copy",
    ],
    ['{\n  "enginge": "copy"\n}', "line 2, column 14", "enginge is no setting"],
    ['{ "restore": {\n "unsafed": 1 } }', "line 2, column 13", "restore.unsafed is no setting"],
    ['{ "restore": "save" }', "line 1, column 14", "restore must be an object"],
    [
      '{ "restore.unsaved": "save" }',
      "line 1, column 22",
      'restore.unsaved must be written as { "restore": { "unsaved": … } }',
    ],
    ['{ "lock_timeout": -30 }', "line 1, column 19", "must be a time such as 500ms"],
    ['{ "lock_timeout": "876000h" }', "line 1, column 19", "and at most 1h, not"],
    ["[]", "line 1, column 1", "the whole must be an object"],
    ['{ "__proto__": {} }', "line 1, column 16", "__proto__ is no setting"],
  ];
  for (const [text, place, reason] of broken) {
    const config = configOf(folder, text);
    const error = assertThrows(() => config.get("consistency"), JvsError, reason, text);
    assertEquals(error.code, "E_USAGE");
    assertStringIncludes(error.message, `config.jsonc": ${place}: `);
    assertEquals(config.problem()?.message, error.message);
    assertEquals(config.getOrDefault("consistency"), "quiesced");
  }
  Deno.writeFileSync(
    `${folder.path}/.jvs/config.jsonc`,
    new Uint8Array([0x7b, 0x2f, 0x2f, 0xff, 0x0a, 0x7d]),
  );
  assertThrows(() => configOf(folder).get("engine"), JvsError, "no UTF-8");
  assertEquals(configOf(folder, "{}").problem(), undefined);
});

Deno.test("Config.set() keeps comments, changes only its place and is seen at once", async () => {
  using folder = tempDir();
  const config = configOf(
    folder,
    '// top\n{\n  // how\n  "engine": "copy", // why\n  "lock_timeout": "5s"\n}\n',
  );
  assertEquals(config.get("engine"), "copy");
  await config.set("engine", "reflink-copy");
  await config.set("restore.keep_replaced", "2d");
  await config.set("lock_timeout", "1h");
  assertEquals(config.get("lock_timeout"), 3_600_000);
  await config.set("lock_timeout", "30s");
  assertEquals(config.get("engine"), "reflink-copy");
  assertEquals(config.get("restore.keep_replaced"), 172_800_000);
  assertEquals(config.get("lock_timeout"), 30_000);
  const text = Deno.readTextFileSync(config.path);
  for (const comment of ["// top", "// how", "// why"]) assertStringIncludes(text, comment);
  assertEquals(configOf(folder).list(), config.list());
});

Deno.test("Config.set() works on the file that init wrote and on a missing one", async () => {
  for (const text of [initialConfig(), undefined]) {
    using folder = tempDir();
    const config = configOf(folder, text);
    await config.set("consistency", "best_effort");
    assertEquals(config.get("consistency"), "best_effort");
    const written = Deno.readTextFileSync(config.path);
    assert(written.startsWith(initialConfig().replace("{}\n", "")), written);
  }
});

Deno.test("Config.set() refuses unknown settings, wrong values and a damaged file, changing nothing", async () => {
  using folder = tempDir();
  const config = configOf(folder, "{ }\n");
  const refused: [key: string, text: string, message: string][] = [
    ["engin", "copy", 'Cannot set "engin": there is no such setting'],
    ["environment.names", "all", "does not support"],
    [
      "environment",
      "all",
      'Cannot set "environment": it is a setting that this version does not support',
    ],
    ["hooks.pre-push", "make", "no such setting"],
    ["hooks.timeout", "soon", "it must be a time such as"],
    ["restore", "{}", "no such setting"],
    ["constructor", "1", "no such setting"],
    ["engine", "fast", "Cannot set engine: it must be one of"],
    ["lock_timeout", "long", "it must be a time such as"],
    ["lock_timeout", "60m1s", "and at most 1h"],
    ["lock_timeout", "3601", "and at most 1h"],
  ];
  for (const [key, text, message] of refused) {
    const error = await assertRejects(() => config.set(key, text), JvsError, message);
    assertEquals(error.code, "E_USAGE");
    if (message.includes("it must be")) assertStringIncludes(error.hint, "Give such a value.");
  }
  assertEquals(Deno.readTextFileSync(config.path), "{ }\n");
  const damaged = configOf(folder, "{ broken\n");
  await assertRejects(() => damaged.set("engine", "copy"), JvsError, "line 1, column 3");
  assertEquals(Deno.readTextFileSync(config.path), "{ broken\n");
});

Deno.test("Config.set() shows how a list is written", async () => {
  using folder = tempDir();
  const config = configOf(folder, "{ }\n");
  const hint = async (words: string) =>
    (await assertRejects(() => config.set("retention.keep_tag_prefixes", words), JvsError)).hint;
  const written = (list: string) => `jvs config set retention.keep_tag_prefixes '${list}'\`.`;
  assertStringIncludes(await hint("release-"), written('["release-"]'));
  assertStringIncludes(await hint("[release-, v1]"), written('["release-","v1"]'));
  assertStringIncludes(await hint('["a", 3]'), "Give such a value.");
  await config.set("retention.keep_tag_prefixes", '["release-"]');
  assertEquals(config.get("retention.keep_tag_prefixes"), ["release-"]);
});

Deno.test("Config.list() shows times as people write them", () => {
  using folder = tempDir();
  const items = configOf(folder, '{ "restore": { "keep_replaced": "36h" }, "lock_timeout": 1.5 }').list();
  const item = items.find(({ key }) => key === "restore.keep_replaced");
  assertEquals({ ...item, about: "" }, {
    key: "restore.keep_replaced",
    value: "1d 12h",
    default: "1d",
    is_default: false,
    about: "",
  });
});

Deno.test("Config.notHonoured() names settings of another version, and the others go on working", async () => {
  using folder = tempDir();
  const text = '{ "environment": "all", "engine": "copy" // mine\n}';
  const config = configOf(folder, text);
  assertEquals([config.get("engine"), config.problem()], ["copy", undefined]);
  assertStringIncludes(
    config.notHonoured() ?? "",
    'config.jsonc" have environment, which this version does not',
  );
  await config.set("lock_timeout", "5s");
  assertEquals([config.get("lock_timeout"), config.list().length], [5000, CONFIG_KEYS.length]);
  assert(Deno.readTextFileSync(config.path).startsWith(text.slice(0, text.indexOf(" //"))));
  assertStringIncludes(config.notHonoured() ?? "", "environment");
  assertEquals(configOf(folder, '{ "engine": "copy" }').notHonoured(), undefined);
  assertEquals(configOf(folder, "{ broken").notHonoured(), undefined);
});

Deno.test("Config.problem() refuses settings that are too large to be a person's, and shows no name that breaks the line", () => {
  using folder = tempDir();
  const large = configOf(folder, `{ "engine": "${"x".repeat(1 << 20)}" }`).problem();
  assertStringIncludes(large?.message ?? "", "more than any record");
  const broken = configOf(folder, '{ "a\\nThe repository is healthy.\\n": 1 }').problem();
  assertEquals(broken?.code, "E_USAGE");
  assert(!broken?.message.includes("\n"), broken?.message);
});
