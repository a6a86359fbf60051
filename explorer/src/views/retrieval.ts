// Retrieval: one string, step by step, in each of the networks.

import { button, h, oncePerFrame, slider, toggle } from '../dom.ts';
import { generator } from '../numerics/random.ts';
import type { Changes, Network } from '../networks/network.ts';
import { Player } from '../player.ts';
import { drawn, mistake } from '../tasks/retrieval.ts';
import { RETRIEVAL, RETRIEVAL_OF_OWN } from '../texts.ts';
import type { Context, View } from '../view.ts';
import { Card } from './retrieval/card.ts';
import { Errors } from './retrieval/errors.ts';
import { Strip } from './retrieval/strip.ts';

const RANGES = {
  decay: { low: 0, high: 1, step: 0.01 },
  rate: { low: 0, high: 2, step: 0.05 },
  steps: { low: 0, high: 5, step: 1 },
} as const;

export const retrievalView: View = {
  id: 'retrieval',
  name: 'Retrieval',
  chapter: 'Fast weights',
  paragraph: RETRIEVAL,
  paragraphOfOwn: RETRIEVAL_OF_OWN,
  build: (section, context) => new Retrieval(section, context).active,
};

class Retrieval {
  private text: string;
  private step: number;
  private pointed: number | null = null;
  private seed = 1;
  private readonly usual: Required<Omit<Changes, 'forgetShift'>>;
  private changes: Required<Omit<Changes, 'forgetShift'>>;
  private readonly cards: Card[];
  private readonly strip: Strip;
  private readonly errors: Errors;
  private readonly player: Player;
  private readonly input: HTMLInputElement;
  private readonly problem = h('p', { class: 'problem', role: 'alert', id: 'problem' });
  private readonly position = h('p', { class: 'position', 'aria-live': 'polite' });
  private readonly render = oncePerFrame(() => this.draw());

  constructor(
    section: HTMLElement,
    private readonly context: Context,
  ) {
    const { networks, background, content, settings } = context;
    const options: Network['options'] = networks.find(({ hasFastWeights }) => hasFastWeights)?.options ?? {};
    this.usual = {
      decay: Number(options.decay ?? 0.95),
      writeRate: Number(options.write_rate ?? 0.5),
      innerSteps: Number(options.inner_steps ?? 1),
      layerNorm: options.norm !== 'none',
    };
    this.changes = this.fromAddress();
    const example = this.example();
    const given = settings.text('string', example);
    this.text = this.mistake(given) ? example : given;
    this.step = settings.number('step', this.text.length, 1, this.text.length) - 1;
    this.cards = networks.map((network) => new Card(network));
    this.strip = new Strip(
      (place) => this.point(place),
      (place) => this.go(place),
    );
    this.errors = new Errors(networks, background, content.task.floor);
    this.player = new Player(
      () => this.forward(),
      1.6,
      () => this.restart(),
    );
    this.input = h('input', {
      type: 'text',
      value: this.text,
      spellcheck: 'false',
      autocapitalize: 'off',
      autocomplete: 'off',
      id: 'string',
      'aria-describedby': 'problem',
      style: `width: calc(${this.text.length} * (1ch + 0.06em) + 3rem)`,
      maxlength: 60,
    });
    this.input.addEventListener('input', () => this.read(this.input.value.trim().toLowerCase()));
    section.append(
      this.toolbar(),
      this.attentionPanel(),
      h('div', { class: networks.length < 3 ? 'cards few' : 'cards' }, ...this.cards.map(({ element }) => element)),
    );
  }

  readonly active = (isShown: boolean): void => {
    if (!isShown) return this.player.stop();
    this.render();
    this.errors.update(this.changes, false);
  };

  private toolbar(): HTMLElement {
    return h(
      'div',
      { class: 'toolbar' },
      h('div', { class: 'field' }, h('label', { for: 'string' }, 'String'), this.input),
      button('Another string', () => this.another()),
      h(
        'div',
        { class: 'steps', role: 'group', 'aria-label': 'Steps' },
        button('‹', () => this.go(this.step - 1), 'One step back'),
        this.player.element,
        button('›', () => this.go(this.step + 1), 'One step on'),
      ),
      this.position,
      this.problem,
    );
  }

  private attentionPanel(): HTMLElement {
    const hasAttention = this.context.networks.some(({ hasFastWeights }) => hasFastWeights);
    return h(
      'div',
      { class: 'split' },
      h(
        'div',
        { class: 'panel' },
        h('h3', {}, 'What a step looks back at'),
        this.strip.element,
        h(
          'p',
          { class: 'small muted' },
          hasAttention
            ? 'Point at a character (or press Shift and an arrow key) to see which later steps look back at it. ' +
                'Outlined: the pair asked for.'
            : 'No network here has fast weights: there is no attention to show. Outlined: the pair asked for.',
        ),
      ),
      h('div', { class: 'panel' }, hasAttention ? this.controls() : null, this.errors.element),
    );
  }

  private controls(): HTMLElement {
    const { decay, writeRate, innerSteps, layerNorm } = this.changes;
    const change = (some: Changes) => this.change({ ...this.changes, ...some });
    const all = [
      slider('λ, decay', RANGES.decay, decay, (value) => change({ decay: value })),
      slider('η, write rate', RANGES.rate, writeRate, (value) => change({ writeRate: value })),
      slider('S, inner steps', RANGES.steps, innerSteps, (value) => change({ innerSteps: value })),
    ];
    const norm = toggle('Layer normalisation', layerNorm, (value) => change({ layerNorm: value }));
    const reset = button('As trained', () => {
      [this.usual.decay, this.usual.writeRate, this.usual.innerSteps].forEach((value, i) => all[i]!.set(value));
      norm.set(this.usual.layerNorm);
      this.change(this.usual);
    });
    return h(
      'div',
      { class: 'controls' },
      h('h3', {}, 'Settings of the fast weights'),
      ...all.map(({ element }) => element),
      h('div', { class: 'line' }, norm.element, reset),
    );
  }

  private fromAddress(): Required<Omit<Changes, 'forgetShift'>> {
    const { settings } = this.context;
    const { usual } = this;
    return {
      decay: settings.number('decay', usual.decay, 0, 1),
      writeRate: settings.number('rate', usual.writeRate, 0, 2),
      innerSteps: Math.round(settings.number('inner', usual.innerSteps, 0, 5)),
      layerNorm: settings.flag('norm', usual.layerNorm),
    };
  }

  private change(changes: Changes): void {
    this.changes = { ...this.usual, ...changes };
    const { settings } = this.context;
    settings.keep('decay', this.changes.decay, this.usual.decay);
    settings.keep('rate', this.changes.writeRate, this.usual.writeRate);
    settings.keep('inner', this.changes.innerSteps, this.usual.innerSteps);
    settings.keep('norm', this.changes.layerNorm, this.usual.layerNorm);
    this.render();
    this.errors.update(this.changes, true);
  }

  private mistake(text: string): string | null {
    const { num_pairs, digits } = this.context.content.task;
    return mistake(text, num_pairs, digits === 'without-replacement');
  }

  /** The example of the paper, or a string of as many pairs as the networks know. */
  private example(): string {
    return this.mistake('c9k8j3f1??c') === null ? 'c9k8j3f1??c' : this.drawnFrom(1);
  }

  private drawnFrom(seed: number): string {
    const { num_pairs, digits } = this.context.content.task;
    return drawn(generator(seed), num_pairs, digits === 'without-replacement');
  }

  private another(): void {
    this.seed += 1;
    this.input.value = this.drawnFrom(this.seed);
    this.read(this.input.value);
  }

  private read(text: string): void {
    const problem = this.mistake(text);
    this.problem.textContent = problem ?? '';
    this.input.toggleAttribute('aria-invalid', problem !== null);
    if (problem) return;
    this.player.stop();
    this.text = text;
    this.step = text.length - 1;
    this.context.settings.keep('string', text, this.example());
    this.go(this.step);
  }

  private go(step: number): void {
    this.step = Math.min(this.text.length - 1, Math.max(0, step));
    this.context.settings.keep('step', this.step + 1, this.text.length);
    this.render();
  }

  private restart(): void {
    if (this.step === this.text.length - 1) this.go(0);
  }

  private forward(): boolean {
    this.go(this.step + 1);
    return this.step < this.text.length - 1;
  }

  private point(place: number | null): void {
    this.pointed = place;
    this.render();
  }

  private draw(): void {
    const { text, step, pointed } = this;
    const runs = this.cards.map((card) => card.draw(text, step, this.changes));
    const attention = runs.find((run) => run.attention)?.attention ?? null;
    this.strip.draw({ text, step, attention, pointed });
    this.position.textContent = `Step ${step + 1} of ${text.length}: reads ${text[step]}`;
  }
}
