/** This program's version; deno.json has the same. */
export const VERSION = "0.1.0";

/** The format of repositories that this program makes and reads. SPEC 2. */
export const FORMAT_VERSION = 2;
