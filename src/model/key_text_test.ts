import { assertEquals } from "@std/assert";
import { isKeyText } from "./key_text.ts";

Deno.test("isKeyText() knows a key by its first line, and one that lost it, and takes no path for one", () => {
  const body = "MC4CAQAwBQYDK2VwBCIEIDye2265AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  for (const text of [`-----BEGIN PRIVATE KEY-----\n${body}`, body, ` ${body}\n`]) {
    assertEquals(isKeyText(text), true);
  }
  for (const path of ["/home/ana/my.key", "key", "Mine/key", "../M.pem"]) {
    assertEquals(isKeyText(path), false);
  }
});
