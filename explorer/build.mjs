// Builds the page's program: one HTML file with style and script inside, in which the package puts networks.
// `node build.mjs` writes it into the package; with --tests the unit tests are bundled for Node instead.
import { build } from 'esbuild';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const TARGET = '../src/fastweights/explorer/program.html';

export async function program() {
  const [script, style] = await Promise.all([bundled('src/main.ts'), bundled('src/style.css')]);
  // Within a script element nothing but these two means anything to HTML.
  const safe = script.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
  return readFileSync('src/page.html', 'utf8')
    .replace('/* style */', () => style.trim())
    .replace('/* script */', () => safe.trim());
}

async function bundled(entry) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    charset: 'utf8',
    format: 'iife',
    target: ['es2022'],
    legalComments: 'none',
  });
  return result.outputFiles[0].text;
}

async function bundleTests() {
  rmSync('build', { recursive: true, force: true });
  const tests = readdirSync('tests').filter((name) => name.endsWith('.test.ts'));
  await build({
    entryPoints: tests.map((name) => `tests/${name}`),
    bundle: true,
    platform: 'node',
    format: 'esm',
    outdir: 'build/tests',
    outExtension: { '.js': '.mjs' },
  });
}

if (process.argv[1].endsWith('build.mjs')) {
  if (process.argv.includes('--tests')) await bundleTests();
  else writeFileSync(TARGET, await program());
}
