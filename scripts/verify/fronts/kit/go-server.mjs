// Builds Traefik, which Debian does not have, from its Go module into a folder of the cache.
//
// Traefik replaces some modules in its own go.mod. `go install` rejects such a module, so this
// builds in a copy. The copy leaves out the DNS providers of the ACME client: the checks need no
// certificate, and those providers are hundreds of modules. It also leaves out two functions of
// Traefik's fork of an authentication module: no sample authenticates in Traefik.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { obtain, Skipped } from '../../idps/parts.mjs';

const VERSION = 'v3.7.13';
const TRAEFIK = 'github.com/traefik/traefik/v3';
const ACME = 'github.com/go-acme/lego/v5';
/** The fork that Traefik replaces this module with is not on every proxy of modules. */
const BASIC_AUTH = 'github.com/abbot/go-http-auth';
const BASIC_AUTH_VERSION = 'v0.4.0';
const BUILD_MINUTES = 40;

/** Traefik's own module for extensions, which its published module leaves out. */
const EXTENSIONS = `package ext

type HTTP struct{}

type Router struct{}

type RouterIng struct{}

func (RouterIng) ToRouter() Router { return Router{} }
`;

const NO_PROVIDERS = `package dns

import (
	"fmt"

	"${ACME}/challenge"
)

func NewDNSChallengeProviderByName(name string) (challenge.Provider, error) {
	return nil, fmt.Errorf("built without DNS providers: %s", name)
}
`;

/** The two functions of the fork that Traefik calls. Here they accept no password. */
const REJECTING_AUTH = `package auth

import "net/http"

func CheckSecret(password, secret string) bool { return false }

func (a *DigestAuth) RequireAuthStale(w http.ResponseWriter, r *http.Request) {
	a.RequireAuth(w, r)
}
`;

/** Copies a module out of the cache of Go, which is read-only. */
function copyModule(name, folder, cwd) {
  const args = ['mod', 'download', '-json', name];
  const text = execFileSync('go', args, { cwd, encoding: 'utf8', stdio: 'pipe' });
  cpSync(JSON.parse(text).Dir, folder, { recursive: true });
  execFileSync('chmod', ['-R', 'u+w', folder]);
}

const versionIn = (folder, module) =>
  execFileSync('go', ['list', '-m', '-f', '{{.Version}}', module], {
    cwd: folder,
    encoding: 'utf8',
  }).trim();

function prepare(cwd) {
  const names = ['traefik-source', 'acme', 'basic-auth'];
  const [source, acme, auth] = names.map((name) => join(cwd, name));
  for (const folder of [source, acme, auth]) rmSync(folder, { recursive: true, force: true });
  copyModule(`${TRAEFIK}@${VERSION}`, source, cwd);
  const extensions = join(source, 'pkg/config/dynamic/ext');
  mkdirSync(extensions, { recursive: true });
  writeFileSync(join(extensions, 'ext.go'), EXTENSIONS);
  writeFileSync(join(extensions, 'go.mod'), 'module github.com/traefik/traefik/dynamic/ext\n');
  copyModule(`${ACME}@${versionIn(source, ACME)}`, acme, source);
  writeFileSync(join(acme, 'providers/dns/zz_gen_dns_providers.go'), NO_PROVIDERS);
  copyModule(`${BASIC_AUTH}@${BASIC_AUTH_VERSION}`, auth, cwd);
  writeFileSync(join(auth, 'fork.go'), REJECTING_AUTH);
  writeFileSync(join(auth, 'go.mod'), `module ${BASIC_AUTH}\n`);
  const replacements = [`${ACME}=${acme}`, `${BASIC_AUTH}=${auth}`];
  const edits = replacements.map((one) => `-replace=${one}`);
  execFileSync('go', ['mod', 'edit', ...edits], { cwd: source });
  return source;
}

/** Returns the folder with the program `traefik`. */
export async function buildTraefik(cwd) {
  if (existsSync(join(cwd, 'traefik'))) return cwd;
  let source;
  try {
    source = prepare(cwd);
  } catch (error) {
    throw new Skipped(`Traefik cannot be had: ${error.message.split('\n')[0]}`);
  }
  const version = `-s -w -X ${TRAEFIK}/pkg/version.Version=${VERSION.slice(1)}`;
  const flags = ['-mod=mod', '-p', '2', '-trimpath', '-ldflags', version];
  const args = ['go', 'build', ...flags, '-o', join(cwd, 'traefik'), './cmd/traefik'];
  await obtain('Traefik', args, { cwd: source, minutes: BUILD_MINUTES });
  return cwd;
}
