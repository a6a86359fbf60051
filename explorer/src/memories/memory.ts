// Associative memories: `write` a value under a key, `read` with a query. Each rule is the library's.

import type { Vector } from '../numerics/linear.ts';

export interface Memory {
  write(key: Vector, value: Vector): void;
  read(query: Vector): Vector;
}

/** A memory whose recall is a descent: `update` never raises `energy`. */
export interface EnergyMemory extends Memory {
  update(state: Vector): Vector;
  energy(state: Vector): number;
}

export function hasEnergy(memory: Memory): memory is EnergyMemory {
  return 'energy' in memory;
}
