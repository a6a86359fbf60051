// Which memory, and the number that it has.

import { choice, h, slider } from '../../dom.ts';
import type { Settings } from '../../settings.ts';
import { type Kind, KINDS } from './kinds.ts';

export class Chooser {
  readonly element: HTMLElement;
  kind: Kind;
  parameter: number;
  private readonly place = h('div', {});
  private readonly rule = h('p', { class: 'small' });

  constructor(
    private readonly settings: Settings,
    private readonly change: () => void,
  ) {
    const ids = KINDS.map(({ id }) => id);
    const id = settings.word('memory', ids, KINDS[0]!.id);
    this.kind = KINDS.find((kind) => kind.id === id)!;
    this.parameter = this.fromAddress();
    const names = KINDS.map(({ id, name }) => [id, name] as const);
    const kinds = choice('Memory', names, id, (chosen) => this.choose(chosen));
    this.show();
    this.element = h('div', { class: 'toolbar memory' }, kinds.element, this.place, this.rule);
  }

  private choose(id: string): void {
    this.kind = KINDS.find((kind) => kind.id === id)!;
    this.settings.keep('memory', id, KINDS[0]!.id);
    this.parameter = this.fromAddress();
    this.show();
    this.change();
  }

  private fromAddress(): number {
    const { parameter, id } = this.kind;
    if (!parameter) return 0;
    return this.settings.number(`memory-${id}`, parameter.usual, parameter.range.low, parameter.range.high);
  }

  private show(): void {
    const { parameter, id, rule } = this.kind;
    this.rule.textContent = rule;
    this.place.replaceChildren();
    if (!parameter) return;
    const control = slider(parameter.name, parameter.range, this.parameter, (value) => {
      this.parameter = value;
      this.settings.keep(`memory-${id}`, value, parameter.usual);
      this.change();
    });
    this.place.append(control.element);
  }
}
