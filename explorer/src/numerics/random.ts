// Random numbers that a seed decides, so that a shared address shows the same page.

export type Random = () => number;

/** Mulberry32: numbers in [0, 1). */
export function generator(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A whole number below `count`. */
export function below(random: Random, count: number): number {
  return Math.floor(random() * count);
}

/** A number from the standard normal distribution, by Box and Muller. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A vector drawn uniformly from the unit sphere. */
export function onSphere(random: Random, size: number): Float64Array {
  const drawn = Float64Array.from({ length: size }, () => normal(random));
  const length = Math.sqrt(drawn.reduce((sum, x) => sum + x * x, 0));
  return drawn.map((x) => x / length);
}

/** A vector of −1 and +1. */
export function signs(random: Random, size: number): Float64Array {
  return Float64Array.from({ length: size }, () => (random() < 0.5 ? -1 : 1));
}

/** The numbers 0 … count − 1 in random order. */
export function shuffled(random: Random, count: number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = below(random, i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
