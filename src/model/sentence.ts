/** A text with a full stop at its end, unless it ends as a sentence already, or is empty. */
export function sentence(text: string): string {
  return text.replace(/[^.?!…]$/u, "$&.");
}
