// The error over fresh strings, beside the floor: the least that can be had without knowing what belongs together.

import type { Background } from '../../background.ts';
import { h, percent } from '../../dom.ts';
import type { Changes, Network } from '../../networks/network.ts';
import { modelColour } from '../../theme.ts';
import type { ErrorResult } from '../../worker.ts';

const STRINGS = 2000;

export class Errors {
  readonly element: HTMLElement;
  private readonly rows: { bar: HTMLElement; value: HTMLElement }[];
  private readonly onAsked = h('p', { class: 'small', 'aria-live': 'polite' });

  constructor(
    private readonly networks: Network[],
    private readonly background: Background,
    floor: number,
  ) {
    this.rows = networks.map(() => ({ bar: h('i', {}), value: h('output', {}, '…') }));
    const lines = networks.map((network, i) =>
      h(
        'li',
        { style: `--colour: ${modelColour(network.model)}` },
        h('span', {}, network.name),
        h('span', { class: 'track' }, this.rows[i]!.bar, h('u', { style: `left: ${100 * floor}%` })),
        this.rows[i]!.value,
      ),
    );
    this.element = h(
      'div',
      { class: 'errors' },
      h('h3', {}, `Wrong answers to ${STRINGS.toLocaleString('en')} fresh strings`),
      h('ul', {}, ...lines),
      h(
        'p',
        { class: 'small muted' },
        h('u', { class: 'floor-key' }),
        ` ${percent(floor)}: guessing from the digits alone`,
      ),
      this.onAsked,
    );
  }

  /** Of networks without settings the error is asked for once. */
  update(changes: Changes, onlyChanged: boolean): void {
    this.networks.forEach((network, i) => {
      if (onlyChanged && !network.hasFastWeights) return;
      const job = { kind: 'error', network: i, changes, count: STRINGS } as const;
      this.background.ask(`error ${i}`, job, ({ error, onAsked }: ErrorResult) => {
        const { bar, value } = this.rows[i]!;
        bar.style.setProperty('--share', String(error));
        value.textContent = percent(error);
        if (!network.hasFastWeights || i !== this.first) return;
        this.onAsked.textContent =
          onAsked === null
            ? ''
            : `On average the last step has ${percent(onAsked)} of its weight on the pair asked for.`;
      });
    });
  }

  private get first(): number {
    return this.networks.findIndex(({ hasFastWeights }) => hasFastWeights);
  }
}
