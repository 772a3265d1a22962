// Measures the gateway beside a floor and other gateways, and prints the tables.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitOnSignals } from '../test/fixtures/child.js';
import { gatewayMain } from '../test/fixtures/launch.js';
import { figuresOf } from './lab/figures.mjs';
import { folder } from './lab/folders.mjs';
import { chosenWorks } from './lab/measure.mjs';
import { findNode } from './lab/nodes.mjs';
import { readOptions, USAGE } from './lab/options.mjs';
import { sectionOf, sectionText, writePage } from './lab/page.mjs';
import { runLab } from './lab/run-lab.mjs';

const say = (line) => console.log(`- ${line}`);
const today = () => new Date().toISOString().slice(0, 10);

async function measured(options) {
  if (!existsSync(gatewayMain))
    throw new Error('dist/main.js is missing: run `npm run build` first');
  const nodes = [];
  for (const name of options.nodes) nodes.push(await findNode(name, say));
  if (nodes.length === 0) nodes.push(process.execPath);
  const works = chosenWorks(options.only);
  const run = await runLab({ ...options, nodes }, works, say);
  const figures = { day: today(), ...figuresOf(works, run, options) };
  const file = join(folder('results'), `${sectionOf(figures)}.json`);
  writeFileSync(file, JSON.stringify(figures, null, 1));
  say(`the figures are in ${file}`);
  return figures;
}

async function main(args) {
  let options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  exitOnSignals();
  // Each child listens for the end of this process.
  process.setMaxListeners(100);
  const { from, markdown } = options;
  const figures =
    from === undefined ? await measured(options) : JSON.parse(readFileSync(from, 'utf8'));
  console.log(`\n${sectionText(figures, figures.day)}\n`);
  if (markdown !== undefined) writePage(markdown, figures, figures.day);
  return 0;
}

const args = process.argv.slice(2);
if (args.includes('--quick')) {
  process.argv = [...process.argv.slice(0, 2), ...args.filter((one) => one !== '--quick')];
  await import('./quick.mjs');
} else {
  process.exitCode = await main(args).catch((error) => {
    console.error(error.message);
    return 1;
  });
}
