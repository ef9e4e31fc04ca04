/** The text with a full stop at its end, unless it is empty or already ends like a sentence. */
export function sentence(text: string): string {
  return text.replace(/[^.?!…]$/u, "$&.");
}
