import { assertEquals, assertStringIncludes } from "@std/assert";
import { ERROR_CLASSES, type ErrorCode, JvsError } from "../../model/errors.ts";
import { errorText, exitCodeOf } from "./errors.ts";
import { createStyle } from "./render/style.ts";

const plain = createStyle({ color: false, width: 80 });

Deno.test("exitCodeOf() tells wrong usage and interruption from a no", () => {
  const codes = Object.groupBy(
    Object.keys(ERROR_CLASSES) as ErrorCode[],
    (code) => exitCodeOf(new JvsError(code, "x")),
  );
  assertEquals(codes[2], ["E_USAGE"]);
  assertEquals(codes[130], ["E_INTERRUPTED"]);
  assertEquals(codes[1]?.length, Object.keys(ERROR_CLASSES).length - 2);
});

Deno.test("errorText() says what happened, what to do next and the class", () => {
  const error = new JvsError("E_NOT_FOUND", `Cannot restore "x": there is no such snapshot`, {
    hint: "See `jvs history`.",
  });
  assertEquals(
    errorText(error, plain),
    `error: Cannot restore "x": there is no such snapshot (E_NOT_FOUND)\n  hint: See \`jvs history\`.\n`,
  );
});

Deno.test("errorText() shows where an error and its causes arose only for debugging", () => {
  const error = new JvsError("E_IO", "Cannot go on", { cause: new Error("deep down") });
  assertEquals(errorText(error, plain).includes("deep down"), false);
  const debug = errorText(error, plain, { debug: true });
  assertStringIncludes(debug, "caused by Error: deep down");
  assertStringIncludes(debug, "errors_test.ts");
});
