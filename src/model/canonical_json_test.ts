import { assertEquals, assertThrows } from "@std/assert";
import { bytesOf, hexOf } from "./bytes.ts";
import { canonicalJson } from "./canonical_json.ts";
import { JvsError } from "./errors.ts";

function doubleOf(bits: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${bits}`));
  return view.getFloat64(0);
}

/** RFC 8785, appendix B: the bits of a double and its text. */
const NUMBERS: readonly (readonly [bits: string, text: string])[] = [
  ["0000000000000000", "0"],
  ["8000000000000000", "0"],
  ["0000000000000001", "5e-324"],
  ["8000000000000001", "-5e-324"],
  ["7fefffffffffffff", "1.7976931348623157e+308"],
  ["ffefffffffffffff", "-1.7976931348623157e+308"],
  ["4340000000000000", "9007199254740992"],
  ["c340000000000000", "-9007199254740992"],
  ["4430000000000000", "295147905179352830000"],
  ["44b52d02c7e14af5", "9.999999999999997e+22"],
  ["44b52d02c7e14af6", "1e+23"],
  ["44b52d02c7e14af7", "1.0000000000000001e+23"],
  ["444b1ae4d6e2ef4e", "999999999999999700000"],
  ["444b1ae4d6e2ef4f", "999999999999999900000"],
  ["444b1ae4d6e2ef50", "1e+21"],
  ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
  ["3eb0c6f7a0b5ed8d", "0.000001"],
  ["41b3de4355555553", "333333333.3333332"],
  ["41b3de4355555554", "333333333.33333325"],
  ["41b3de4355555555", "333333333.3333333"],
  ["41b3de4355555556", "333333333.3333334"],
  ["41b3de4355555557", "333333333.33333343"],
  ["becbf647612f3696", "-0.0000033333333333333333"],
  ["43143ff3c1cb0959", "1424953923781206.2"],
];

Deno.test("canonicalJson() writes every number of RFC 8785, appendix B", () => {
  for (const [bits, text] of NUMBERS) assertEquals(canonicalJson(doubleOf(bits)), text, bits);
  for (const bits of ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"]) {
    assertThrows(() => canonicalJson(doubleOf(bits)), JvsError);
  }
});

Deno.test("canonicalJson() sorts members by UTF-16 code units, as in RFC 8785, 3.2.3", () => {
  const names = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\u{1f600}", "\ufb33"];
  const shuffled = [4, 0, 6, 1, 5, 2, 3].map((i) => names[i] as string);
  const text = canonicalJson(Object.fromEntries(shuffled.map((name) => [name, true])));
  assertEquals(text, `{${names.map((name) => `${JSON.stringify(name)}:true`).join()}}`);
});

Deno.test("canonicalJson() gives the bytes of RFC 8785, 3.2.4", () => {
  const value = {
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
    "literals": [null, true, false],
  };
  const hex = "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d6265727322" +
    "3a5b3333333333333333332e333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c227374" +
    "72696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d";
  assertEquals(hexOf(bytesOf(canonicalJson(value))), hex);
});

Deno.test("canonicalJson() writes records in a list the same, in whatever order their members are", () => {
  const records = [{ a: 1, b: ["x", { "é": null, "\u20ac": -0 }] }, { b: [[]], c: {} }, { 10: 1, 9: true }];
  const turned = records.map((each) => Object.fromEntries(Object.entries(each).reverse()));
  const expected = '[{"a":1,"b":["x",{"é":null,"€":0}]},{"b":[[]],"c":{}},{"10":1,"9":true}]';
  for (const list of [records, turned, [...records].map((each) => ({ ...each }))]) {
    assertEquals(canonicalJson(list), expected);
    assertEquals(canonicalJson({ list, deep: { list } }), `{"deep":{"list":${expected}},"list":${expected}}`);
  }
});

Deno.test("canonicalJson() leaves text as it is, unnormalised", () => {
  assertEquals(canonicalJson(["A\u030a", "\u2028", "\u007f"]), '["A\u030a","\u2028","\u007f"]');
});

Deno.test("canonicalJson() refuses what is no JSON, naming the place", () => {
  const refused: unknown[] = [
    NaN,
    Infinity,
    undefined,
    () => 0,
    Symbol("s"),
    1n,
    "\ud800",
    "a\udc00b",
    new Date(0),
    new Map(),
    new Uint8Array(2),
    { a: undefined },
    { toJSON: () => 0 },
    [, 1],
    { "\ud800": 1 },
  ];
  for (const value of refused) {
    const error = assertThrows(() => canonicalJson({ list: [0, value] }), JvsError, "$.list[1]");
    assertEquals(error.code, "E_INTERNAL");
  }
});
