// The page: four views, of which one is shown.

import { Background } from './background.ts';
import { button, h } from './dom.ts';
import { withFormulas } from './formula.ts';
import type { Content } from './networks/content.ts';
import { Network } from './networks/network.ts';
import { Settings } from './settings.ts';
import type { Context, View } from './view.ts';
import { memoriesView } from './views/memories.ts';
import { neuronsView } from './views/neurons.ts';
import { reachView } from './views/reach.ts';
import { retrievalView } from './views/retrieval.ts';

const VIEWS: View[] = [retrievalView, memoriesView, neuronsView, reachView];

export function startPage(): void {
  const content = JSON.parse(document.getElementById('content')!.textContent!) as Content;
  const settings = new Settings(location.hash);
  const context: Context = {
    content,
    settings,
    networks: content.networks.map((packed) => new Network(packed)),
    background: new Background(content, document.getElementById('program')!.textContent!),
  };
  const shown = settings.word(
    'view',
    VIEWS.map(({ id }) => id),
    VIEWS[0]!.id,
  );
  const main = h('main', { id: 'view', tabindex: -1 });
  const tabs = VIEWS.map((view) => button(view.name, () => show(view)));
  const built = new Map<View, { section: HTMLElement; active(isShown: boolean): void }>();

  function show(view: View): void {
    settings.keep('view', view.id, VIEWS[0]!.id);
    document.title = `${view.name} – fastweights explorer`;
    VIEWS.forEach((other, i) => tabs[i]!.toggleAttribute('aria-current', other === view));
    tabs.forEach((tab) => tab.hasAttribute('aria-current') && tab.setAttribute('aria-current', 'page'));
    built.forEach(({ section, active }, other) => {
      section.hidden = other !== view;
      if (section.hidden) active(false);
    });
    if (!built.has(view)) {
      const section = h('section', {}, heading(view, content));
      main.append(section);
      built.set(view, { section, active: view.build(section, context) });
    }
    built.get(view)!.active(true);
  }

  document
    .getElementById('page')!
    .append(
      h('a', { class: 'skip', href: '#view', onclick: skipTo(main) }, 'Skip to the view'),
      h(
        'header',
        {},
        h('h1', {}, 'fastweights ', h('span', {}, 'explorer')),
        h('nav', { 'aria-label': 'Views' }, ...tabs),
      ),
      main,
      h('footer', {}, `fastweights ${content.version}. Everything on this page is computed in it; nothing is loaded.`),
    );
  show(VIEWS.find(({ id }) => id === shown)!);
  // Another address in the same tab: what it says is read from the start.
  addEventListener('hashchange', () => location.reload());
}

/** The view's name, its paragraph, and its chapter. */
function heading(view: View, content: Content): HTMLElement {
  const address = content.chapters[view.id];
  const name = `Chapter “${view.chapter}”`;
  // Where the page is a frame of the documentation, the chapter is not to open inside the frame.
  const chapter = address
    ? h('a', { href: address, target: '_top' }, name)
    : h('span', {}, `${name} of the documentation`);
  const paragraph = (content.are_own && view.paragraphOfOwn) || view.paragraph;
  const [before, see, after] = paragraph.map(withFormulas);
  return h(
    'div',
    { class: 'intro' },
    h('h2', {}, view.name),
    h('p', {}, ...before!, h('strong', {}, ...see!), ...after!, ' ', chapter, '.'),
  );
}

/** Without changing the address, which holds the settings. */
function skipTo(target: HTMLElement): (event: Event) => void {
  return (event) => {
    event.preventDefault();
    target.focus();
  };
}
