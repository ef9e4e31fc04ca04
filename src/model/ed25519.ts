/** The prime of the field over which the curve is, and the curve's constant: -x² + y² = 1 + DELTA x² y². RFC 8032. */
const PRIME = 2n ** 255n - 19n;
const DELTA = mod(-121665n * inverse(121666n));

/**
 * Whether 64 hex digits are a public key of Ed25519 that only a private key can sign for. WebCrypto takes any digits: for some, which are no
 * point of the curve, nothing can sign; for the few points of a small order anybody can.
 */
export function isSigningPoint(publicKey: string): boolean {
  const bytes = publicKey.match(/../g) ?? [];
  // Little-endian; the highest bit is the sign of x, which does not matter here.
  let y = BigInt(`0x${bytes.toReversed().join("")}`) & (2n ** 255n - 1n);
  if (y >= PRIME) return false;
  if (!isSquare(squareOfX(y))) return false;
  for (let doubled = 0; doubled < 3; doubled++) {
    const [x2, y2] = [squareOfX(y), y * y];
    y = mod((y2 + x2) * inverse(1n - DELTA * x2 * y2));
  }
  return y !== 1n; // eight times a point of a small order is the neutral one
}

function squareOfX(y: bigint): bigint {
  return mod((y * y - 1n) * inverse(DELTA * y * y + 1n));
}

function isSquare(value: bigint): boolean {
  return power(value, (PRIME - 1n) / 2n) <= 1n;
}

function inverse(value: bigint): bigint {
  return power(value, PRIME - 2n);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = mod(base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

function mod(value: bigint): bigint {
  return ((value % PRIME) + PRIME) % PRIME;
}
