// What a view is, and what it works with.

import type { Background } from './background.ts';
import type { Content } from './networks/content.ts';
import type { Network } from './networks/network.ts';
import type { Settings } from './settings.ts';
import type { Paragraph } from './texts.ts';

export interface Context {
  readonly content: Content;
  readonly settings: Settings;
  readonly networks: Network[];
  readonly background: Background;
}

export interface View {
  readonly id: string;
  readonly name: string;
  readonly chapter: string;
  /** What it is, what to see at once, what to try. */
  readonly paragraph: Paragraph;
  /** The same where networks are the user's own, and may show something else. */
  readonly paragraphOfOwn?: Paragraph;
  /** Fills the section; what it returns is called when the view is shown (true) and hidden (false). */
  build(section: HTMLElement, context: Context): (isShown: boolean) => void;
}
