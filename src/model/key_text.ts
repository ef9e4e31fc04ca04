/** Whether a text is a key, or what is left of one without its first line, and no path: a secret is never shown in a message. */
export function isKeyText(text: string): boolean {
  return text.includes("-----BEGIN") || /^\s*M[A-Za-z0-9+/=\s]{60,}$/.test(text);
}
