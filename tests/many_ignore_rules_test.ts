import { assertStringIncludes } from "@std/assert";
import { BlackBox } from "./support/black_box.ts";

const different = (count: number) => Array.from({ length: count }, (_, i) => `*a${i}\n`).join("");

Deno.test("jvs status names .jvsignore and the way out where it has more rules or bytes than it compares", async () => {
  using box = await BlackBox.make();
  for (
    const [rules, reason] of [[different(20_001), "more than 20,000"], [
      "!/z\n".repeat(300_000),
      "1200000 bytes",
    ]]
  ) {
    box.write(".jvsignore", rules ?? "");
    const { message, hint } = await box.error("E_USAGE", ["status"]);
    assertStringIncludes(message, ".jvsignore");
    assertStringIncludes(message, reason ?? "");
    assertStringIncludes(hint, "Ignore whole folders");
  }
  box.write(".jvsignore", "!/z\n".repeat(250_000));
  await box.save("one");
});
