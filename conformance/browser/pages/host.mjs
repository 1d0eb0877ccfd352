// A page of the team's own, on another origin, built from the samples of docs/embedding.md.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { stage } from '../stage/stage.mjs';
import * as twilio from '../stage/twilio.mjs';
import { PATIENCE, until } from '../stage/until.mjs';

const packages = process.env.SWITCHROOM_TEST_PACKAGES;
const require = createRequire(join(packages, 'node_modules', '_'));
const GUIDE = new URL('../../../docs/embedding.md', import.meta.url);

/** The code blocks of one language, unchanged except for the server's address. */
export async function samples(language) {
  const text = await readFile(GUIDE, 'utf8');
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, name]) => name === language);
  if (!blocks.length) throw new Error(`docs/embedding.md has no sample in ${language}`);
  return blocks.map(([, , code]) => code.replaceAll('https://voice.example.com', stage.server));
}

/** Bundles a page's main module, which imports the sample as `./sample`. */
export async function bundle(main, sample, language) {
  const esbuild = require('esbuild');
  const code = language === 'vue' ? vue(sample) : sample;
  const loader = language === 'vue' ? 'js' : language;
  const plugin = {
    name: 'sample',
    setup(build) {
      build.onResolve({ filter: /^\.\/sample$/ }, () => ({ path: 'sample', namespace: 'guide' }));
      build.onLoad({ filter: /./, namespace: 'guide' }, () => ({ contents: code, loader, resolveDir: packages }));
    },
  };
  try {
    const { outputFiles } = await esbuild.build({
      stdin: { contents: main, loader: 'jsx', resolveDir: packages },
      plugins: [plugin],
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      jsx: 'automatic',
      // With all development checks of the frameworks.
      define: {
        'process.env.NODE_ENV': '"development"',
        __VUE_OPTIONS_API__: 'true',
        __VUE_PROD_DEVTOOLS__: 'false',
        __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
      },
    });
    return outputFiles[0].text;
  } finally {
    await esbuild.stop();
  }
}

/** A single-file component as a module. */
function vue(source) {
  const { parse, compileScript } = require('vue/compiler-sfc');
  const { descriptor, errors } = parse(source, { filename: 'Calls.vue' });
  if (errors.length) throw errors[0];
  return compileScript(descriptor, { id: 'calls', inlineTemplate: true }).content;
}

export class Host {
  constructor(page) {
    this.page = page;
    page.setDefaultTimeout(PATIENCE);
    page.on('console', (said) => {
      if (/Vue warn/.test(said.text())) page.faults.push(said.text());
    });
  }

  async open(script) {
    const html = `<!doctype html><html lang="en"><title>A live chat</title><link rel="icon" href="data:,">
      <div id="app"></div><script type="module" src="/host.js"></script>`;
    await this.page.route(`${stage.origin}/`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
    await this.page.route(`${stage.origin}/host.js`, (route) =>
      route.fulfill({ contentType: 'text/javascript', body: script }));
    await this.page.goto(`${stage.origin}/`);
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** The whole state of the page, to find the cause of a failure. */
  async told() {
    return { text: await this.page.locator('body').innerText(), faults: this.page.faults };
  }
}

/** Waits until exactly this many pages of an agent are registered, and returns their ids. */
export const registered = (agent, count) =>
  until(`${count} pages of ${agent.identity}`, pages(agent), (ids) => ids.length === count && ids);

/** The ids of an agent's pages that calls reach. */
const pages = (agent) => async () => {
  const reached = (device) => device.is_page && device.registered && device.identity === agent.identity;
  return (await twilio.devices()).filter(reached).map(({ id }) => id);
};
