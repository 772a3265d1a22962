// Finds every place of the repository that names the version of the product.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newestRelease } from './changelog.mjs';

const VERSION = String.raw`\d+\.\d+\.\d+(?:-[\w.]*\w)?`;

/** Texts in which a version is that of the product, whichever file they are in. */
const MENTIONS = [
  String.raw`\bmcp-portcullis-(${VERSION})\.tgz`,
  String.raw`\bportcullis-mcp/portcullis:(${VERSION})`,
  String.raw`\bportcullis_build_info\{version="(${VERSION})"\}`,
  String.raw`\bPortcullis (${VERSION})\b(?= listens|, Node)`,
  String.raw`\borg\.opencontainers\.image\.version="?(${VERSION})`,
].map((source) => new RegExp(source, 'g'));

/** Folders and files with text for users. The CHANGELOG and the upgrade notes name old versions. */
const SEARCHED = ['README.md', 'Dockerfile', 'docs', 'deploy', 'examples', '.github'];
const NOT_SEARCHED = /(^|\/)(node_modules|upgrade\.md)(\/|$)/;

function filesUnder(root, name) {
  const path = join(root, name);
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

const searchedFiles = (root) =>
  SEARCHED.flatMap((name) =>
    /\.|^Dockerfile$/.test(name.slice(1)) ? [name] : filesUnder(root, name),
  )
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => !NOT_SEARCHED.test(name) && existsSync(join(root, name)));

/** The mentions within one text. */
export const mentionsIn = (text) =>
  MENTIONS.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1]));

/** The `version` and `appVersion` of a chart. */
const chartVersions = (text) =>
  [...text.matchAll(/^(version|appVersion): ["']?([^"'\s]+)/gm)].map(([, field, version]) => ({
    field,
    version,
  }));

/**
 * Each place with the version that it names.
 * @param {string} root the folder of the repository
 * @returns {{ place: string, version: string | undefined }[]}
 */
export function versionPlaces(root) {
  const read = (name) => readFileSync(join(root, name), 'utf8');
  const lock = JSON.parse(read('package-lock.json'));
  const places = [
    { place: 'package.json', version: JSON.parse(read('package.json')).version },
    { place: 'package-lock.json', version: lock.version },
    { place: 'package-lock.json packages', version: lock.packages[''].version },
    { place: 'CHANGELOG.md', version: newestRelease(read('CHANGELOG.md'))?.name },
  ];
  for (const name of searchedFiles(root)) {
    const text = read(name);
    if (name.endsWith('/Chart.yaml'))
      for (const { field, version } of chartVersions(text))
        places.push({ place: `${name} ${field}`, version });
    for (const version of mentionsIn(text)) places.push({ place: name, version });
  }
  return places;
}
