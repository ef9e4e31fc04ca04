/** As `jvs conformance run` has it. */
export { randomFrom } from "../../src/conformance/black_box/random.ts";
