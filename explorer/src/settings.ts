// What the user has set, kept in the address, so that it can be shared.

const PAUSE = 250;

export class Settings {
  private readonly values: URLSearchParams;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(hash: string) {
    this.values = new URLSearchParams(hash.replace(/^#/, ''));
  }

  text(name: string, usual: string): string {
    return this.values.get(name) ?? usual;
  }

  /** A number within its range; the usual one if the address has none or one outside. */
  number(name: string, usual: number, low: number, high: number): number {
    const value = Number(this.values.get(name) ?? NaN);
    return value >= low && value <= high ? value : usual;
  }

  flag(name: string, usual: boolean): boolean {
    const value = this.values.get(name);
    return value === null ? usual : value === '1';
  }

  /** One of the known words. */
  word<Value extends string>(name: string, known: readonly Value[], usual: Value): Value {
    return known.find((value) => value === this.values.get(name)) ?? usual;
  }

  /** Keeps a value; one that is as usual takes no place in the address. */
  keep(name: string, value: string | number | boolean, usual: string | number | boolean): void {
    if (value === usual) this.values.delete(name);
    else this.values.set(name, typeof value === 'boolean' ? String(Number(value)) : String(value));
    // Browsers allow few changes of the address a second.
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      history.replaceState(null, '', `#${this.values}`);
    }, PAUSE);
  }
}
