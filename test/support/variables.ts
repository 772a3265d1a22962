// Environment variables of the gateway, written without their prefix, and their problems.
import { loadEnvironment } from '../../src/config/load.js';

export type Variables = Record<string, string | undefined>;

/** These three describe one protected server. */
export const NEEDED = {
  UPSTREAM: 'http://10.0.0.5:3000/mcp',
  PUBLIC_URL: 'https://mcp.example.com/mcp',
  ISSUER: 'https://auth.example.com',
};

export const INTROSPECTION = { INTROSPECTION_CLIENT_ID: 'gateway', INTROSPECTION_CLIENT_SECRET: 's3cret' };

export const prefixed = (variables: Variables): Variables =>
  Object.fromEntries(Object.entries(variables).map(([name, value]) => [`PORTCULLIS_${name}`, value]));

/** The problems of these variables beside `NEEDED`: the lines of the message after its first. */
export function problems(variables: Variables): string[] {
  try {
    loadEnvironment(prefixed({ ...NEEDED, ...variables }));
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').slice(1);
  }
}
