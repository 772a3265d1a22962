// Builds the clients and servers of the Java SDKs: the Java SDK of both lines, and Spring AI.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('java/', import.meta.url));
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.10.0:copy-dependencies';
/** Small JVMs that start fast: a run starts about a hundred of them. */
const JVM = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];

/** `pom`: the folder of the pom.xml. `folders`: the folders of the sources. */
const BUILDS = [
  { name: 'Java SDK', version: '1.1.5', pom: 'sdk', folders: ['lab', 'sdk'] },
  { name: 'Java SDK', version: '2.2.0', pom: 'sdk', folders: ['lab', 'sdk', 'modern'] },
  { name: 'Spring AI', version: '2.0.1', pom: 'spring', folders: ['lab', 'spring'] },
];

const NO_LOGIN = 'no login of its own: the application brings the token';

const sourcesOf = (folders) =>
  folders.flatMap((folder) =>
    readdirSync(join(SOURCE, folder))
      .filter((file) => file.endsWith('.java'))
      .map((file) => join(SOURCE, folder, file)),
  );

/** Gets the libraries and compiles. A change of the sources or of the pom.xml does it again. */
async function build({ name, version, pom, folders }, { folder, run, say }) {
  const home = join(folder, `${pom}-${version}`);
  const [classes, libraries] = [join(home, 'classes'), join(home, 'lib')];
  const pomFile = join(SOURCE, pom, 'pom.xml');
  const sources = sourcesOf(folders);
  const hash = createHash('sha256');
  for (const file of [pomFile, ...sources]) hash.update(readFileSync(file));
  const [stamp, state] = [join(home, 'built'), hash.digest('hex')];
  const classPath = `${classes}:${join(libraries, '*')}`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return classPath;
  say(`  building the programs of ${name} ${version}`);
  mkdirSync(classes, { recursive: true });
  const repository = `-Dmaven.repo.local=${join(folder, 'repository')}`;
  const target = [`-Dsdk=${version}`, `-DoutputDirectory=${libraries}`, '-DincludeScope=runtime'];
  await run('mvn', ['-q', '-B', repository, '-f', pomFile, COPY, ...target], { cwd: home });
  const options = ['-nowarn', '-parameters', '--release', '17', '-d', classes];
  await run('javac', [...options, '-cp', join(libraries, '*'), ...sources], { cwd: home });
  writeFileSync(stamp, state);
  return classPath;
}

/**
 * The SDKs of Java. The 2026-07-28 revision has its own package in the Java SDK, so it counts as an
 * SDK of its own.
 */
export async function sdks(context) {
  const [legacy, both, spring] = [];
  return [legacy, both, spring];
}
