// Recall against the number of patterns: a curve that grows while random patterns are stored, beside theory's.

import { Chart, type Series } from '../../draw/chart.ts';
import { button, h, oncePerFrame } from '../../dom.ts';
import { endOfRetrieval } from '../../memories/theory.ts';
import { onSphere, signs } from '../../numerics/random.ts';
import { Player } from '../../player.ts';
import type { Kind } from './kinds.ts';
import { Load } from './recall.ts';

const STEPS_A_SECOND = 30;

export class Capacity {
  readonly element: HTMLElement;
  private readonly chart = new Chart(300);
  private readonly player = new Player(
    () => this.add(),
    STEPS_A_SECOND,
    () => this.load.isFull && this.restart(),
    'Store patterns',
  );
  private readonly text = h('p', { class: 'small muted' });
  private load!: Load;
  private kind!: Kind;
  private parameter = 0;
  private readonly render = oncePerFrame(() => this.draw());

  constructor() {
    const one = button('Some more', () => {
      this.player.stop();
      this.add();
    });
    this.element = h(
      'div',
      { class: 'panel' },
      h(
        'div',
        { class: 'line' },
        h('h3', {}, 'Recall against the number of random patterns'),
        h(
          'div',
          { class: 'steps' },
          this.player.element,
          one,
          button('From none', () => this.restart()),
        ),
      ),
      this.chart.element,
      this.text,
    );
  }

  /** Another memory, or another number of it: the curve begins anew, and grows at once. */
  show(kind: Kind, parameter: number): void {
    if (kind === this.kind && parameter === this.parameter) return;
    this.kind = kind;
    this.parameter = parameter;
    this.restart();
    this.player.start();
  }

  stop(): void {
    this.player.stop();
  }

  private restart(): void {
    this.player.stop();
    this.load = new Load(this.kind, this.parameter, this.kind.id === 'hopfield' ? signs : onSphere);
    this.render();
  }

  private add(): boolean {
    if (!this.load.isFull) this.load.add();
    this.render();
    return !this.load.isFull;
  }

  private draw(): void {
    const { kind, load, parameter } = this;
    const { units } = load;
    const isBinary = kind.id === 'hopfield';
    const expected = Array.from({ length: Math.round(kind.load * units) }, (_, n): readonly [number, number] => [
      (n + 1) / units,
      kind.expected(n + 1, units, parameter) ?? NaN,
    ]);
    const measured = load.errors.map(([pairs, error]) => [pairs / units, error] as const);
    const series: Series[] = [{ name: 'measured', colour: 'var(--fast-weights)', points: measured, style: 'dots' }];
    if (expected.some(([, value]) => Number.isFinite(value))) {
      series.unshift({ name: `theory: ${kind.theory}`, colour: 'var(--ink)', points: expected });
    }
    const [count, error] = load.errors.at(-1) ?? [0, 0];
    const marks = isBinary
      ? [{ x: endOfRetrieval(), name: `${endOfRetrieval().toFixed(3)}: end of retrieval` }]
      : [{ x: 1, name: 'N = R' }];
    const bound = kind.id === 'softmax' ? Math.max(1e-3, ...expected.map(([, value]) => 1.3 * value)) : kind.error;
    this.chart.draw({
      x: { label: 'load N/R, patterns for each unit', low: 0, high: kind.load },
      y: { label: 'squared error', low: 0, high: Math.min(kind.id === 'softmax' ? 2 : Infinity, bound) },
      series,
      marks,
      description:
        `Squared error against the load, ${kind.name}: ${error.toFixed(3)} with ${count} patterns in ${units} units; ` +
        `theory: ${kind.theory}`,
    });
    this.text.textContent = isBinary
      ? `One network of ${units} units; patterns of −1 and +1, ${count} so far, the last ten asked for as stored. ` +
        'In one network of this size recall fails near the end of retrieval, not exactly there, and not for all patterns.'
      : `The mean of 16 memories of R = ${units} units; keys drawn from the unit sphere, values of length 1; ` +
        `${count} pairs so far, each asked for by its key. An error of 1 is as large as the value; ` +
        `the scale here ends at ${Math.min(2.2, bound).toPrecision(2)}.`;
  }
}
