// The long checks of the ways to deploy: package, image, chart, unit, alerts and release.
import { cacheOf } from './cache.mjs';

export const deploySteps = [
  {
    name: 'package',
    what: 'the npm package on Node 20, 22, 24 and 26: sizes, the demo, memory (only with --only package)',
    minutes: 60,
    onlyIfNamed: true,
    note: /^(the package works.*)$/m,
    run: (shell) =>
      shell.run('node', ['scripts/verify/package.mjs', ...cacheOf('PORTCULLIS_PACKAGE_CACHE')]),
  },
  {
    name: 'systemd',
    what: 'the unit of deploy/systemd under a real systemd, with the commands of docs/deploy.md',
    minutes: 15,
    note: /^(the unit of systemd: .*)$/m,
    run: (shell) =>
      shell.run('node', ['scripts/verify/systemd.mjs', ...cacheOf('PORTCULLIS_SYSTEMD_CACHE')]),
  },
  {
    name: 'release',
    what: 'the jobs of release.yml that run outside GitHub (only with --only release)',
    minutes: 40,
    onlyIfNamed: true,
    note: /^(the release of .*)$/m,
    run: (shell) => shell.run('node', ['scripts/verify/release.mjs']),
  },
  {
    name: 'chart',
    what: 'the Helm chart and deploy/kubernetes; it needs Go (only with --only chart)',
    minutes: 40,
    onlyIfNamed: true,
    note: /^(the chart: .*)$/m,
    run: (shell) => shell.run('node', ['scripts/verify/chart.mjs']),
  },
  {
    name: 'cluster',
    what: 'the Helm chart in a real API server, with a rolling update (only with --only cluster)',
    minutes: 120,
    onlyIfNamed: true,
    note: /^(the cluster: .*)$/m,
    run: (shell) => shell.run('node', ['scripts/verify/cluster.mjs']),
  },
  {
    name: 'monitoring',
    what: 'a real Prometheus with the alerts and the dashboard, before a gateway with good and bad calls',
    minutes: 10,
    note: /^(the monitoring: .*)$/m,
    run: (shell) => shell.run('node', ['scripts/verify/monitoring.mjs']),
  },
  {
    name: 'collector',
    what: 'audit, spans and metrics in a real OpenTelemetry Collector, also while it is away; it needs Go',
    minutes: 20,
    note: /^(the collector v.*)$/m,
    run: (shell) =>
      shell.run('node', ['scripts/verify/collector.mjs', ...cacheOf('PORTCULLIS_COLLECTOR_CACHE')]),
  },
  {
    name: 'page',
    what: 'the page of the admin listener in Chromium: light, dark, on a phone and on a screen',
    minutes: 10,
    note: /^(the page: .*)$/m,
    run: (shell) =>
      shell.run('node', ['scripts/verify/page.mjs', ...cacheOf('PORTCULLIS_PAGE_CACHE')]),
  },
  {
    name: 'consent',
    what: 'login and consent of the facade in Chromium; another site cannot frame or answer the page',
    minutes: 10,
    note: /^(login and consent in a browser: .*)$/m,
    run: (shell) =>
      shell.run('node', ['scripts/verify/consent.mjs', ...cacheOf('PORTCULLIS_PAGE_CACHE')]),
  },
  {
    name: 'image',
    what: 'the Dockerfile built, and its root file system run as in compose.yaml (only with --only image)',
    minutes: 40,
    onlyIfNamed: true,
    note: /^(the image: .*)$/m,
    run: (shell) =>
      shell.run('node', ['scripts/verify/image.mjs', ...cacheOf('PORTCULLIS_IMAGE_CACHE')]),
  },
  {
    name: 'rivals',
    what: 'size and memory of oauth2-proxy beside the gateway; it needs Go (only with --only rivals)',
    minutes: 25,
    onlyIfNamed: true,
    note: /^(oauth2-proxy v.*)$/m,
    run: (shell) =>
      shell.run('node', ['scripts/verify/rivals.mjs', ...cacheOf('PORTCULLIS_RIVALS_CACHE')]),
  },
];
