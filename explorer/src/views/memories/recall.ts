// Recall step by step: the states that a memory goes through, and their energies.

import { Hopfield } from '../../memories/hopfield.ts';
import { hasEnergy, type Memory } from '../../memories/memory.ts';
import { dot, norm, type Vector } from '../../numerics/linear.ts';
import { generator, shuffled } from '../../numerics/random.ts';
import { UNITS } from './glyphs.ts';
import type { Kind } from './kinds.ts';

const MOST_UPDATES = 12;

export interface Recall {
  /** In units of a pattern's entries: −1 and +1 are known, 0 is not. */
  readonly states: Vector[];
  /** Of each state; null for memories that have none. */
  readonly energies: number[] | null;
}

/** A pattern with a share of its units erased (0) or flipped. */
export function damaged(pattern: Vector, how: 'erase' | 'flip', share: number, seed: number): Vector {
  const chosen = shuffled(generator(seed), UNITS).slice(0, Math.round(share * UNITS));
  const result = Float64Array.from(pattern);
  for (const unit of chosen) result[unit] = how === 'erase' ? 0 : -result[unit]!;
  return result;
}

/** The patterns stored, and the recall from a query. Hopfield's network has −1 and +1 for units; the other memories
 * have keys of length 1. */
export function recalled(kind: Kind, parameter: number, patterns: readonly Vector[], query: Vector): Recall {
  const memory = kind.make(UNITS, UNITS, parameter);
  if (memory instanceof Hopfield) return ofHopfield(memory, patterns, query);
  const scale = Math.sqrt(UNITS);
  const short = (x: Vector) => x.map((value) => value / scale);
  const long = (x: Vector) => x.map((value) => value * scale);
  patterns.forEach((pattern) => memory.write(short(pattern), short(pattern)));
  const states: Vector[] = [short(query)];
  if (!hasEnergy(memory)) {
    const answer = memory.read(states[0]!);
    const largest = Math.max(...answer.map(Math.abs)) || 1;
    return { states: [query, answer.map((x) => x / largest)], energies: null };
  }
  while (states.length <= MOST_UPDATES) {
    const next = memory.update(states.at(-1)!);
    const moved = norm(next.map((x, i) => x - states.at(-1)![i]!));
    if (moved < 1e-4) break;
    states.push(next);
  }
  return { states: states.map(long), energies: states.map((state) => memory.energy(state)) };
}

/** One turn of a unit is a step. */
function ofHopfield(memory: Hopfield, patterns: readonly Vector[], query: Vector): Recall {
  patterns.forEach((pattern) => memory.write(pattern));
  const states = [query];
  let unit: number | null = 0;
  while ((unit = memory.nextTurn(states.at(-1)!, unit)) !== null && states.length < 4 * UNITS) {
    const next = Float64Array.from(states.at(-1)!);
    next[unit] = memory.turned(next, unit);
    states.push(next);
  }
  return { states, energies: states.map((state) => memory.energy(state)) };
}

/** The cosine of two patterns. */
export function overlap(x: Vector, y: Vector): number {
  const sizes = norm(x) * norm(y);
  return sizes > 0 ? dot(x, y) / sizes : 0;
}

/** Recalling from random stored keys while pairs are added: the mean squared error by the number of pairs. */
export class Load {
  readonly errors: [number, number][] = [];
  readonly units: number;
  private readonly random = generator(7);
  private readonly memories: Memory[];
  private readonly keys: Vector[][];
  private readonly values: Vector[][];

  constructor(
    private readonly kind: Kind,
    parameter: number,
    private readonly draw: (random: () => number, size: number) => Vector,
  ) {
    const isBinary = kind.id === 'hopfield';
    this.units = isBinary ? BINARY_UNITS : UNITS;
    const count = isBinary ? 1 : MEMORIES;
    this.memories = Array.from({ length: count }, () => kind.make(this.units, VALUE_UNITS, parameter));
    this.keys = this.memories.map(() => []);
    this.values = this.memories.map(() => []);
  }

  get isFull(): boolean {
    const next = this.kind.id === 'hopfield' ? BINARY_PATTERNS_A_STEP : 1;
    return this.keys[0]!.length + next > this.kind.load * this.units;
  }

  /** Stores one pair more in each memory, or four in Hopfield's many units, and measures. */
  add(): void {
    let error = 0;
    const isBinary = this.kind.id === 'hopfield';
    this.memories.forEach((memory, n) => {
      for (let pair = 0; pair < (isBinary ? BINARY_PATTERNS_A_STEP : 1); pair++) {
        const key = this.draw(this.random, this.units);
        const value = isBinary ? key : this.draw(this.random, VALUE_UNITS);
        memory.write(key, value);
        this.keys[n]!.push(key);
        this.values[n]!.push(value);
      }
      error += this.error(memory, this.keys[n]!, this.values[n]!) / this.memories.length;
    });
    this.errors.push([this.keys[0]!.length, error]);
  }

  private error(memory: Memory, keys: Vector[], values: Vector[]): number {
    const isBinary = this.kind.id === 'hopfield';
    const asked = isBinary ? keys.slice(-PROBES) : keys;
    const first = keys.length - asked.length;
    let sum = 0;
    asked.forEach((key, n) => {
      const value = values[first + n]!;
      memory.read(key).forEach((x, i) => (sum += (x - value[i]!) ** 2));
    });
    return sum / asked.length / (isBinary ? this.units : 1);
  }
}

const BINARY_UNITS = 512;
const VALUE_UNITS = 4;
const MEMORIES = 16;
const PROBES = 10;
const BINARY_PATTERNS_A_STEP = 4;
