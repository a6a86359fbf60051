// A trained network: cell and read-out, with settings that the page may change.

import { type Matrix, multiply, relu, softmax, type Vector } from '../numerics/linear.ts';
import type { Cell, Run } from './cell.ts';
import { type Arrays, type PackedNetwork, unpacked, unpackedArrays } from './content.ts';
import { FastWeights, type FastWeightsOptions } from './fast_weights.ts';
import { Lstm } from './lstm.ts';
import { SimpleCell } from './simple.ts';

/** What the page changes of a trained network; what is left out stays as it was trained. */
export interface Changes {
  readonly decay?: number;
  readonly writeRate?: number;
  readonly innerSteps?: number;
  readonly layerNorm?: boolean;
  readonly forgetShift?: number;
}

export class Network {
  readonly name: string;
  readonly model: string;
  readonly units: number;
  readonly updates: number;
  readonly options: PackedNetwork['options'];
  private readonly trained: Arrays;
  private readonly initial: Arrays;
  private readonly hidden: [Matrix, Matrix] | null;
  private readonly output: [Matrix, Matrix];

  constructor(packed: PackedNetwork) {
    ({ name: this.name, model: this.model, units: this.units, updates: this.updates } = packed);
    this.options = packed.options;
    this.trained = unpackedArrays(packed.trained);
    this.initial = unpackedArrays(packed.initial);
    const { hidden, output } = packed.readout;
    this.hidden = hidden && [unpacked(hidden[0]), unpacked(hidden[1])];
    this.output = [unpacked(output[0]), unpacked(output[1])];
  }

  get hasFastWeights(): boolean {
    return this.model === 'fast-weights';
  }

  cell(changes: Changes = {}, when: 'trained' | 'initial' = 'trained'): Cell {
    const arrays = when === 'trained' ? this.trained : this.initial;
    if (this.model === 'lstm') return new Lstm(arrays, changes.forgetShift);
    if (!this.hasFastWeights) return new SimpleCell(arrays, this.model === 'irnn' ? 'relu' : 'tanh');
    const trained = this.options as unknown as FastWeightsOptions;
    return new FastWeights(arrays, {
      ...trained,
      decay: changes.decay ?? trained.decay,
      write_rate: changes.writeRate ?? trained.write_rate,
      inner_steps: changes.innerSteps ?? trained.inner_steps,
      ...(changes.layerNorm === false ? { norm: 'none', preliminary_norm: 'none' } : {}),
    });
  }

  run(tokens: readonly number[], changes: Changes = {}): Run {
    return this.cell(changes).run(tokens, 'all');
  }

  /** The probability of each answer after a state: softmax(V relu(U h + u) + v). */
  probabilities(hidden: Vector): Vector {
    return softmax(this.logits(hidden));
  }

  logits(hidden: Vector): Vector {
    const [weights, bias] = this.output;
    const inner = this.hidden ? relu(multiply(this.hidden[0], hidden, this.hidden[1].data)) : hidden;
    return multiply(weights, inner, bias.data);
  }
}
