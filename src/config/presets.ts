// The table of presets for identity providers, and how a preset fills in the fields of an issuer. A
// field in the configuration overrides its preset.

import type { ClaimRules } from '../core/claim-rules.js';
import { isObject } from '../core/json.js';
import { type Form, generic, type Preset } from './preset.js';
import { hostedPresets } from './presets-hosted.js';
import { loginPresets } from './presets-login.js';
import { selfHostedPresets } from './presets-self-hosted.js';

const presets = {
  ...hostedPresets,
  ...selfHostedPresets,
  ...loginPresets,
  generic,
  rfc9068: { ...generic, typ: 'at+jwt', claims: { scopes: ['scope'], client: ['client_id'] } },
} satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as PresetName[];

const isPreset = (name: unknown): name is PresetName =>
  typeof name === 'string' && Object.hasOwn(presets, name);
const presetOf = (name: PresetName): Preset => presets[name];
const formOf = (preset: Preset, issuer: string): Form | undefined =>
  preset.forms.find((form) => form.issuer.test(issuer));
const filled = (
  form: Form | undefined,
  template: string | undefined,
  issuer: string,
): string | undefined =>
  form === undefined ? undefined : template && issuer.replace(form.issuer, template);

/** The fields of a facade, with those of the preset for the fields that the operator left out. */
function withFacadePreset(raw: unknown, preset: Preset): object {
  if (!isObject(raw) || preset.facade === undefined) return {};
  const { parameters } = raw;
  const all = parameters === undefined || isObject(parameters);
  const merged = { ...preset.facade.parameters, ...(parameters as object | undefined) };
  return { facade: { ...preset.facade, ...raw, parameters: all ? merged : parameters } };
}

/** The fields of an issuer, with those of its preset for the fields that the operator left out. */
export function withPreset(raw: unknown): unknown {
  if (!isObject(raw) || !isPreset(raw.preset)) return raw;
  const preset = presetOf(raw.preset);
  const issuer = typeof raw.issuer === 'string' ? raw.issuer : '';
  const form = formOf(preset, issuer);
  const jwksUri = filled(form, form?.keys, issuer);
  const client = filled(form, form?.client, issuer);
  const url = filled(form, form?.introspection, issuer);
  const { algorithms, verify, introspectionAuth: auth } = preset;
  return {
    typ: preset.typ,
    ...(algorithms === undefined ? {} : { algorithms }),
    ...(verify === undefined ? {} : { verify }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(client === undefined ? {} : { audience: [client] }),
    ...raw,
    ...withFacadePreset(raw.facade, preset),
    // Only the operator can allow introspection, so a preset adds nothing to a missing block.
    ...(isObject(raw.introspection)
      ? {
          introspection: {
            ...(url === undefined ? {} : { url }),
            ...(auth === undefined ? {} : { auth }),
            ...raw.introspection,
          },
        }
      : {}),
    claims:
      raw.claims === undefined || isObject(raw.claims)
        ? { ...preset.claims, ...raw.claims }
        : raw.claims,
  };
}

/** The message for an issuer without the form that its preset expects, or null. */
export function formProblem(name: PresetName, issuer: string): string | null {
  const preset = presetOf(name);
  return formOf(preset, issuer) === undefined ? preset.write : null;
}

/** The message for an issuer that needs a configured audience, or null. */
export function audienceProblem(name: PresetName, issuer: string): string | null {
  return formOf(presetOf(name), issuer)?.audienceNeeded ?? null;
}

/** True: only a facade in mode `issued` can use the logins of this identity provider. */
export const needsFacade = (name: PresetName): boolean => presetOf(name).facade?.mode === 'issued';

/** The endpoints of a login without OpenID Connect; null: those of the metadata. */
export function loginOf(name: PresetName, issuer: string): NonNullable<Form['login']> | null {
  const form = formOf(presetOf(name), issuer);
  if (form?.login === undefined) return null;
  const at = (template: string): string => issuer.replace(form.issuer, template);
  const { authorization, token, user } = form.login;
  return { authorization: at(authorization), token: at(token), user: at(user) };
}

/** The claims that a preset requires. */
export const requiredClaimsOf = (name: PresetName): Preset['requiredClaims'] =>
  presetOf(name).requiredClaims;

/** The rules of a preset that no field of the configuration can set. */
export type PresetRules = Pick<ClaimRules, 'clientOfIssuer' | 'audienceIsClient'> &
  Pick<Preset, 'requiredClaims'>;

export function presetRules(name: PresetName, issuer: string): PresetRules {
  const preset = presetOf(name);
  const form = formOf(preset, issuer);
  return {
    requiredClaims: preset.requiredClaims,
    audienceIsClient: preset.audienceIsClient,
    clientOfIssuer: filled(form, form?.client, issuer) ?? null,
  };
}
