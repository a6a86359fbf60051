// Patterns of 8 by 8 units to begin with, and how a pattern stands in the address.

import type { Vector } from '../../numerics/linear.ts';

export const SIDE = 8;
export const UNITS = SIDE * SIDE;

const DRAWN: Record<string, string> = {
  heart: '.##..##.|########|########|########|.######.|..####..|...##...|........',
  cross: '##....##|###..###|.######.|..####..|..####..|.######.|###..###|##....##',
  stripes: '########|########|........|........|########|########|........|........',
  half: '####....|####....|####....|####....|####....|####....|####....|####....',
  checks: '##..##..|##..##..|..##..##|..##..##|##..##..|##..##..|..##..##|..##..##',
  stairs: '#.......|##......|###.....|####....|#####...|######..|#######.|########',
  ring: '..####..|.######.|##....##|##....##|##....##|##....##|.######.|..####..',
  arrow: '...##...|..####..|.######.|########|...##...|...##...|...##...|...##...',
};

export const GLYPHS = Object.keys(DRAWN);

/** A pattern of −1 and +1 by its name: a drawn one, or 16 hexadecimal digits; null if it is neither. */
export function pattern(name: string): Vector | null {
  const drawn = DRAWN[name];
  if (drawn) return Float64Array.from(drawn.replaceAll('|', ''), (mark) => (mark === '#' ? 1 : -1));
  if (!/^[0-9a-f]{16}$/.test(name)) return null;
  const bits = [...name].flatMap((digit) => [8, 4, 2, 1].map((bit) => Number.parseInt(digit, 16) & bit));
  return Float64Array.from(bits, (bit) => (bit ? 1 : -1));
}

export function nameOf(units: Vector): string {
  const known = GLYPHS.find((name) => pattern(name)!.every((x, i) => x === units[i]));
  if (known) return known;
  let name = '';
  for (let i = 0; i < UNITS; i += 4) {
    const bits = [8, 4, 2, 1].map((bit, k) => (units[i + k]! > 0 ? bit : 0));
    name += bits.reduce((sum, bit) => sum + bit, 0).toString(16);
  }
  return name;
}
