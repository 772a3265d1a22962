// The configuration of LemonLDAP::NG: a portal on loopback, its clients and its signing key.
import { generateKeyPairSync, randomUUID } from 'node:crypto';

/** lemonldap-ng.ini: where the portal finds its configuration and its pages. */
export const CONFIGURATION = (folder, templates) => `
[all]
logLevel = notice
[configuration]
type = File
dirName = ${folder}/conf
[portal]
staticPrefix = /static
templateDir = ${templates}
languages = en
`;

/** A module for captchas that shows none. It is in a folder of its own. */
export const CAPTCHA_FILE = 'Lemonldap/NG/Portal/Captcha/None.pm';
export const CAPTCHA = `package Lemonldap::NG::Portal::Captcha::None;
use Mouse;
extends 'Lemonldap::NG::Common::Module';
sub init { 1 }
1;
`;

export function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    oidcServicePrivateKeySig: privateKey.export({ type: 'pkcs1', format: 'pem' }),
    oidcServicePublicKeySig: publicKey.export({ type: 'spki', format: 'pem' }),
    oidcServiceKeyIdSig: randomUUID(),
  };
}

/** A client with an audience gets JWT for it; a client without one gets opaque tokens. */
function optionsOf({ id, audience }, { secret, redirectUri }) {
  const options = {
    oidcRPMetaDataOptionsClientID: id,
    oidcRPMetaDataOptionsClientSecret: secret,
    oidcRPMetaDataOptionsRedirectUris: redirectUri,
    oidcRPMetaDataOptionsAllowClientCredentialsGrant: 1,
    oidcRPMetaDataOptionsBypassConsent: 1,
    oidcRPMetaDataOptionsIDTokenSignAlg: 'RS256',
  };
  if (audience === undefined) return options;
  return {
    ...options,
    oidcRPMetaDataOptionsAccessTokenJWT: 1,
    oidcRPMetaDataOptionsAccessTokenSignAlg: 'RS256',
    oidcRPMetaDataOptionsAdditionalAudiences: audience,
  };
}

const each = (clients, value) => Object.fromEntries(clients.map((one) => [one.id, value(one)]));

export const settings = ({ base, folder, clients, key, scope, ...rest }) => ({
  ...key,
  portal: `${base}/`,
  domain: '127.0.0.1',
  securedCookie: 0,
  // The default one needs packages for images, also when it is off.
  captcha: '::Captcha::None',
  // These pages need a package for mail.
  registerDB: 'Null',
  portalDisplayRegister: 0,
  portalDisplayResetPassword: 0,
  issuerDBOpenIDConnectActivation: 1,
  oidcServiceMetaDataIssuer: base,
  // Else it grants each scope that a client asks for.
  oidcServiceAllowOnlyDeclaredScopes: 1,
  oidcRPMetaDataOptions: each(clients, (client) => optionsOf(client, rest)),
  oidcRPMetaDataExportedVars: each(clients, () => ({ email: 'mail', name: 'cn' })),
  oidcRPMetaDataScopeRules: each(clients, () => ({ [scope]: '1' })),
  globalStorageOptions: {
    Directory: `${folder}/sessions`,
    LockDirectory: `${folder}/sessions/lock`,
    generateModule: 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256',
  },
  localSessionStorageOptions: {
    cache_depth: 3,
    cache_root: `${folder}/cache`,
    default_expires_in: 600,
    directory_umask: '007',
    namespace: 'lemonldap-ng-sessions',
  },
  persistentStorageOptions: {
    Directory: `${folder}/sessions`,
    LockDirectory: `${folder}/sessions/lock`,
  },
});
