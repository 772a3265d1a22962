// The style of the pages of the gateway: light and dark, and readable on a phone.
import { createHash } from 'node:crypto';

/** Text has a contrast of at least 4.5 to 1 on its background, in both schemes (WCAG AA). */
export const STYLE = `
:root { color-scheme: light dark; --back: #f6f7f8; --card: #fff; --text: #1b1e23;
  --quiet: #545b66; --line: #d8dce2; --link: #0b57d0; --bad: #b3261e; --warn: #7d4e00;
  --good: #146c2e; --mark: #eef1f5; }
@media (prefers-color-scheme: dark) { :root { --back: #121417; --card: #1b1e23; --text: #e8eaed;
  --quiet: #a9b1bc; --line: #343a43; --link: #8ab4f8; --bad: #ff9d94; --warn: #f2bd5b;
  --good: #83d996; --mark: #272c33; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 78rem; padding: 1.5rem 1rem 3rem; background: var(--back);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.5rem; } h1 small { color: var(--quiet); font-weight: 400; }
h2 { margin: 2rem 0 .5rem; font-size: 1.1rem; }
p { margin: .25rem 0; } a { color: var(--link); }
code { font: .9em ui-monospace, monospace; background: var(--mark); border-radius: .2rem;
  padding: 0 .25em; }
.quiet { color: var(--quiet); font-size: .875rem; }
.bad { color: var(--bad); } .warn { color: var(--warn); } .good { color: var(--good); }
.bad, .warn, .good { font-weight: 600; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: baseline;
  justify-content: space-between; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
.state { margin: 1rem 0; padding: .75rem 1rem; }
.state ul { margin: .25rem 0 0; padding-left: 1.25rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 1rem;
  margin: 0; padding: .75rem 1rem; }
dt { color: var(--quiet); font-size: .875rem; } dd { margin: 0; }
.ask { margin: 0 auto; max-width: 36rem; }
.ask dl { grid-template-columns: 1fr; margin: 1rem 0; } .ask button { padding: .5rem 1.5rem; }
form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: 1.5rem 0 0; }
input, button { font: inherit; color: inherit; background: var(--card); padding: .25rem .6rem;
  border: 1px solid var(--quiet); border-radius: .3rem; max-width: 100%; }
input { flex: 0 1 16rem; min-width: 0; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .5rem .75rem; text-align: left; vertical-align: top;
  border-top: 1px solid var(--line); font-weight: 400; }
tbody th { font-weight: 600; } tbody th div { font-weight: 400; }
thead th { border-top: 0; color: var(--quiet); font-size: .875rem; }
th.number, td.number { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
td.time { white-space: nowrap; }
@media (min-width: 52.01rem) {
  .last-refusals { table-layout: fixed; }
  .last-refusals th:nth-child(1) { width: 9.5rem; } .last-refusals th:nth-child(2) { width: 23%; }
  .last-refusals th:nth-child(4) { width: 17%; } .last-refusals th:nth-child(5) { width: 11rem; }
}
@media (max-width: 52rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, td, tbody th { display: block; }
  tr + tr { border-top: 1px solid var(--line); } tr { padding: .5rem 0; }
  td, tbody th, td.number { border: 0; padding: .15rem .75rem; text-align: left;
    white-space: normal; }
  td[data-label]::before { content: attr(data-label) ": "; color: var(--quiet); }
}
`;

const hash = createHash('sha256').update(STYLE).digest('base64');

/** For a page that may load nothing at all, and has no script. `more`: further directives. */
const policy = (more: readonly string[]): string =>
  [
    "default-src 'none'",
    `style-src 'sha256-${hash}'`,
    ...more,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

export const BASE_POLICY = policy([]);

/** Its icon is in the page, and its form posts to the gateway alone. */
export const CONTENT_POLICY = policy(['img-src data:', "form-action 'self'"]);
