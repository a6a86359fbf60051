// One network: its answer, its states, and its fast weights if it has any.

import { Bars } from '../../draw/bars.ts';
import { HeatMap } from '../../draw/heat_map.ts';
import { h, percent } from '../../dom.ts';
import type { Changes, Network } from '../../networks/network.ts';
import { largestIndex } from '../../numerics/linear.ts';
import { answer, ANSWERS, encoded } from '../../tasks/retrieval.ts';
import type { Run } from '../../networks/cell.ts';
import { modelColour } from '../../theme.ts';

const DIGITS = 10;

export class Card {
  readonly element: HTMLElement;
  private readonly answer = h('p', { class: 'answer' });
  private readonly bars = new Bars([...ANSWERS.slice(0, DIGITS)]);
  private readonly states = new HeatMap('states');
  private readonly memory = new HeatMap('memory');
  private readonly memoryFigure: HTMLElement;

  constructor(private readonly network: Network) {
    this.memoryFigure = h(
      'figure',
      {},
      this.memory.element,
      h('figcaption', {}, 'A(t), ', h('span', {}, 'fast weights')),
    );
    this.element = h(
      'article',
      { class: 'panel card', style: `--colour: ${modelColour(network.model)}` },
      h('h3', {}, h('i', { class: 'swatch' }), network.name, h('span', { class: 'muted' }, ` R = ${network.units}`)),
      this.answer,
      this.bars.element,
      h(
        'div',
        { class: 'maps' },
        h('figure', {}, this.states.element, h('figcaption', {}, 'h(t), ', h('span', {}, 'units by steps'))),
        network.hasFastWeights ? this.memoryFigure : null,
      ),
    );
  }

  /** The run over the whole string, as it stands after a step. */
  draw(text: string, step: number, changes: Changes): Run {
    const run = this.network.run(encoded(text), changes);
    this.drawAnswer(text, step, run);
    const { hiddens, memories } = run;
    const sizes = hiddens.map((hidden) => Math.max(...hidden.map(Math.abs)));
    const largest = Math.max(1e-9, ...sizes.filter(Number.isFinite));
    const active = hiddens[step]!.reduce((sum, x) => sum + Number(x !== 0), 0);
    this.states.draw(
      this.network.units,
      text.length,
      (unit, t) => hiddens[t]![unit]! / largest,
      `${this.network.name}: states of ${this.network.units} units over ${text.length} steps; ` +
        `after step ${step + 1}, ${active} are not zero`,
      step + 1,
    );
    if (memories) {
      const memory = memories[step]!;
      const most = Math.max(1e-9, ...memory.data.filter(Number.isFinite));
      const label = `The fast weights that step ${step + 1} reads; their largest entry is ${most.toPrecision(2)}`;
      this.memory.draw(memory.rows, memory.columns, (i, j) => memory.data[i * memory.columns + j]! / most, label);
    }
    return run;
  }

  private drawAnswer(text: string, step: number, { hiddens }: Run): void {
    const probabilities = this.network.probabilities(hiddens[step]!);
    const right = answer(text);
    const best = largestIndex(probabilities);
    const isFinite = probabilities.every(Number.isFinite);
    const given = isFinite ? ANSWERS[best]! : '–';
    const isEnd = step === text.length - 1;
    const verdict = !isEnd ? 'would answer' : given === right ? 'rightly answers' : 'wrongly answers';
    const told = isFinite
      ? [`${verdict} `, given, ` with ${percent(probabilities[best]!)}`]
      : ['gives ', 'no answer', ': its states have grown beyond all numbers'];
    this.answer.replaceChildren(told[0]!, h('b', {}, told[1]!), told[2]!);
    this.answer.classList.toggle('wrong', isEnd && given !== right);
    this.answer.dataset.answer = given;
    this.answer.dataset.probability = String(probabilities[best]);
    const ofRight = isFinite ? `, which has ${percent(probabilities[Number(right)]!)}` : '';
    const label = `${this.network.name} ${told.join('')}; right is ${right}${ofRight}`;
    this.bars.draw(probabilities, Number(right), label);
  }
}
