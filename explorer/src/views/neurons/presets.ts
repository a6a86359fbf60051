// Nets of two units that show something; those of the chapter's checks.

import type { Point } from '../../dynamics/additive.ts';

export interface Preset {
  readonly id: string;
  readonly name: string;
  readonly weights: readonly [number, number, number, number];
  readonly currents: Point;
  readonly gain: number;
  readonly starts: readonly Point[];
}

export const PRESETS: readonly Preset[] = [
  {
    id: 'memories',
    name: 'Four memories',
    weights: [2, 0.3, 0.3, 2],
    currents: [0, 0],
    gain: 1,
    starts: [
      [-0.25, 3.2],
      [3.4, -0.5],
      [0.3, -3.5],
      [-3.5, 0.7],
      [0.3, 0.2],
    ],
  },
  {
    id: 'flip-flop',
    name: 'Flip-flop',
    weights: [0, 2, 2, 0],
    currents: [0, 0],
    gain: 1,
    starts: [
      [-3, 3.4],
      [3, -2.7],
      [-3.4, 2.8],
      [2.5, -3],
    ],
  },
  {
    id: 'rotation',
    name: 'Damped rotation',
    weights: [0.5, -2, 2, 0.5],
    currents: [0, 0],
    gain: 1,
    starts: [
      [3.5, 3],
      [-3.5, -2],
    ],
  },
  {
    id: 'cycle',
    name: 'Cycle',
    weights: [2, -2, 2, 2],
    currents: [0, 0],
    gain: 1,
    starts: [
      [0.1, 0],
      [3.6, 3.6],
    ],
  },
];

export const NAMES = ['w11', 'w12', 'w21', 'w22', 'I1', 'I2', 'g'] as const;
export type Name = (typeof NAMES)[number];

/** The numbers of a preset by their names. */
export function valuesOf({ weights: [w11, w12, w21, w22], currents: [I1, I2], gain: g }: Preset): Record<Name, number> {
  return { w11, w12, w21, w22, I1, I2, g };
}
