// What the package writes into the page: networks, their task, the places of the chapters.

import type { Matrix } from '../numerics/linear.ts';

/** An array: its shape, and single-precision numbers in base 64. */
export interface Packed {
  readonly shape: number[];
  readonly data: string;
}

export interface PackedNetwork {
  readonly name: string;
  readonly model: string;
  readonly units: number;
  readonly options: Record<string, number | string | boolean>;
  readonly test_error: number | null;
  readonly updates: number;
  readonly trained: Record<string, Packed>;
  readonly initial: Record<string, Packed>;
  readonly readout: { hidden: [Packed, Packed] | null; output: [Packed, Packed] };
}

export interface Content {
  readonly version: string;
  /** Whether the networks are the user's: then nothing is known of what they show. */
  readonly are_own: boolean;
  readonly chapters: Partial<Record<string, string>>;
  readonly task: { num_pairs: number; digits: string; floor: number };
  readonly networks: PackedNetwork[];
}

export type Arrays = Record<string, Matrix>;

/** The numbers; a vector is a matrix of one row. */
export function unpacked(packed: Packed): Matrix {
  const bytes = Uint8Array.from(atob(packed.data), (character) => character.charCodeAt(0));
  const numbers = new DataView(bytes.buffer);
  const data = Float64Array.from({ length: bytes.length / 4 }, (_, i) => numbers.getFloat32(4 * i, true));
  const columns = packed.shape[packed.shape.length - 1]!;
  return { rows: data.length / columns, columns, data };
}

export function unpackedArrays(packed: Record<string, Packed>): Arrays {
  return Object.fromEntries(Object.entries(packed).map(([name, array]) => [name, unpacked(array)]));
}
