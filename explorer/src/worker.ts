// What takes longer than a frame, in a thread of its own: errors over many strings, and derivatives.

import { spectralNorm } from './numerics/spectrum.ts';
import { generator } from './numerics/random.ts';
import { largestIndex } from './numerics/linear.ts';
import type { Content } from './networks/content.ts';
import { type Changes, Network } from './networks/network.ts';
import { answer, ANSWERS, askedPlace, drawn, encoded } from './tasks/retrieval.ts';

export interface ErrorJob {
  readonly kind: 'error';
  readonly network: number;
  readonly changes: Changes;
  readonly count: number;
}

export interface ReachJob {
  readonly kind: 'reach';
  readonly network: number;
  readonly changes: Changes;
  readonly when: 'trained' | 'initial';
  readonly pairs: number;
  readonly count: number;
}

export type Job = ErrorJob | ReachJob;

export interface ErrorResult {
  /** The share of wrong answers. */
  readonly error: number;
  /** The share of the last step's attention that is on the pair asked for, on average; null without attention. */
  readonly onAsked: number | null;
}

/** The mean of ‖∂h(T)/∂h(τ)‖ over the strings, by T − τ = 1 … T − 1. */
export type ReachResult = number[];

export class Jobs {
  private readonly networks: Network[];
  private readonly strings = new Map<number, string[]>();

  constructor(private readonly content: Content) {
    this.networks = content.networks.map((packed) => new Network(packed));
  }

  done(job: Job): ErrorResult | ReachResult {
    return job.kind === 'error' ? this.error(job) : this.reach(job);
  }

  private error({ network: index, changes, count }: ErrorJob): ErrorResult {
    const network = this.networks[index]!;
    const cell = network.cell(changes);
    let [wrong, share, counted] = [0, 0, 0];
    for (const text of this.drawn(this.content.task.num_pairs, count)) {
      const { hiddens, attention } = cell.run(encoded(text), 'last attention');
      const logits = network.logits(hiddens.at(-1)!);
      if (ANSWERS[largestIndex(logits)] !== answer(text) || !Number.isFinite(logits[0]!)) wrong += 1;
      const weights = attention?.at(-1);
      const total = weights?.reduce((sum, x) => sum + x, 0) ?? 0;
      if (weights && total > 0) {
        const place = askedPlace(text);
        share += (weights[place]! + weights[place + 1]!) / total;
        counted += 1;
      }
    }
    return { error: wrong / count, onAsked: counted ? share / counted : null };
  }

  private reach({ network, changes, when, pairs, count }: ReachJob): ReachResult {
    const cell = this.networks[network]!.cell(changes, when);
    const sums: number[] = [];
    for (const text of this.drawn(pairs, count)) {
      const norms = cell.jacobians(encoded(text)).map(spectralNorm).reverse();
      norms.forEach((value, age) => (sums[age] = (sums[age] ?? 0) + value / count));
    }
    return sums;
  }

  /** The same strings for every network and setting: differences are theirs. */
  private drawn(pairs: number, count: number): string[] {
    const known = this.strings.get(pairs) ?? [];
    if (known.length < count) {
      const random = generator(2016 + pairs);
      known.length = 0;
      const differ = this.content.task.digits === 'without-replacement' && pairs <= 10;
      while (known.length < count) known.push(drawn(random, pairs, differ));
      this.strings.set(pairs, known);
    }
    return known.slice(0, count);
  }
}

/** In the worker: the first message is the content, all others are jobs. */
export function serve(scope: { onmessage: unknown; postMessage(message: unknown): void }): void {
  let jobs: Jobs | undefined;
  scope.onmessage = ({ data }: MessageEvent) => {
    if (!jobs) jobs = new Jobs(data as Content);
    else scope.postMessage(jobs.done(data as Job));
  };
}
