// Plays steps, some a second, until there are none left, the user stops or the view is hidden.

import { button, wantsStillness } from './dom.ts';

export class Player {
  readonly element: HTMLButtonElement;
  private timer: ReturnType<typeof setInterval> | undefined;

  /** `step` makes one step and says whether there are more. */
  constructor(
    private readonly step: () => boolean,
    private readonly perSecond: number,
    private readonly restart: () => void = () => {},
    private readonly name = 'Play',
  ) {
    this.element = button(this.name, () => this.toggle());
    this.element.classList.add('play');
  }

  toggle(): void {
    if (this.timer) this.stop();
    else this.start();
  }

  start(): void {
    this.stop();
    this.restart();
    this.element.textContent = 'Pause';
    // Who wants no motion sees the end.
    if (wantsStillness()) {
      while (this.step());
      this.stop();
      return;
    }
    this.timer = setInterval(() => {
      if (!this.step()) this.stop();
    }, 1000 / this.perSecond);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.element.textContent = this.name;
  }

  get isPlaying(): boolean {
    return this.timer !== undefined;
  }
}
