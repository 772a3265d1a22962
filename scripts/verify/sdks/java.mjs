// Builds the clients and servers of the SDKs on the JVM: the Java SDK in two lines, Spring AI and
// the Kotlin SDK.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('java/', import.meta.url));
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.10.0:copy-dependencies';
const KOTLIN = 'org.jetbrains.kotlin:kotlin-maven-plugin:2.4.21:compile';
/** Small JVMs that start fast: a run of the lab starts many. */
const JVM = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/**
 * `pom`: the folder of the pom.xml. `sources`: the folders of Java sources. `goals`: the goals that
 * Maven runs before it gets the libraries.
 */
const BUILDS = {
  first: { version: '1.1.5', pom: 'sdk', sources: ['steps', 'lab', 'sdk'] },
  second: { version: '2.2.0', pom: 'sdk', sources: ['steps', 'lab', 'sdk', 'modern'] },
  spring: { version: '2.0.1', pom: 'spring', sources: ['steps', 'lab', 'spring'] },
  kotlin: { version: '0.16.0', pom: 'kotlin', sources: ['steps'], goals: [KOTLIN] },
};

const SDKS = [
  { name: 'Java SDK 1.x', build: 'first', client: 'sdk.Client', server: 'sdk.Server', notes: '' },
  { name: 'Java SDK 2.x', build: 'second', client: 'sdk.Client', server: 'sdk.Server', notes: '' },
  {
    name: 'Java SDK 2.x modern',
    build: 'second',
    client: 'modern.ModernClient',
    server: 'modern.ModernServer',
    notes: 'revision 2026-07-28, a package of its own in this SDK',
  },
  {
    name: 'Spring AI',
    build: 'spring',
    client: 'spring.SpringClient',
    server: 'spring.SpringServer',
    notes: 'the starters, with the Java SDK 2.0.0; the client offers h2c on plain http',
  },
  {
    name: 'Kotlin SDK',
    build: 'kotlin',
    client: 'kotlinlab.ClientKt',
    server: 'kotlinlab.ServerKt',
    notes: 'with the Ktor engine CIO for the client and the server',
  },
];

const filesOf = (folder, ending) =>
  readdirSync(join(SOURCES, folder))
    .filter((file) => file.endsWith(ending))
    .map((file) => join(SOURCES, folder, file));

const fingerprint = (files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
};

/** Gets the libraries, compiles, and returns the class path. A change of a source does it again. */
async function build({ version, pom, sources, goals = [] }, { folder, run, say }) {
  const cwd = join(folder, `${pom}-${version}`);
  const pomFile = join(SOURCES, pom, 'pom.xml');
  const files = sources.flatMap((name) => filesOf(name, '.java'));
  const libraries = join(cwd, 'lib');
  const classes = join(cwd, 'classes');
  const classPath = [classes, join(libraries, '*')].join(':');
  const stamp = join(cwd, 'built');
  const state = fingerprint([pomFile, ...files, ...filesOf(pom, '.kt')]);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return classPath;
  say(`building the programs of the Java folder ${pom} ${version}`);
  rmSync(cwd, { recursive: true, force: true });
  mkdirSync(classes, { recursive: true });
  const settings = [
    `-Dmaven.repo.local=${join(folder, 'repository')}`,
    `-Dsdk.version=${version}`,
    `-Dhome=${cwd}`,
    `-DoutputDirectory=${libraries}`,
    '-DincludeScope=runtime',
  ];
  const maven = ['mvn', '-q', '-B', '-f', pomFile, ...goals, COPY, ...settings];
  await run('nice', ['-n', '5', ...maven], { cwd });
  const options = ['-nowarn', '-parameters', '--release', '17', '-d', classes];
  const compiler = ['javac', ...options, '-cp', join(libraries, '*'), ...files];
  await run('nice', ['-n', '5', ...compiler], { cwd });
  writeFileSync(stamp, state);
  return classPath;
}

/** Builds once. No SDK of Java logs in by itself: the application brings the token. */
export async function sdks(context) {
  const classPaths = {};
  for (const [name, entry] of Object.entries(BUILDS))
    classPaths[name] = await build(entry, context);
  const temporary = join(context.folder, 'tmp');
  mkdirSync(temporary, { recursive: true });
  return SDKS.map(({ name, build: from, client, server, notes }) => {
    const java = [...JVM, `-Djava.io.tmpdir=${temporary}`, '-cp', classPaths[from]];
    return {
      name,
      version: BUILDS[from].version,
      client: { command: 'java', args: [...java, client] },
      server: { command: 'java', args: [...java, server] },
      notes,
    };
  });
}
