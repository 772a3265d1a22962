// Metadata of a server that must offer something: without the offer there is no document to use.
import { describe, expect, test } from 'vitest';
import { requireOffer } from '../../src/idp/offered-metadata.js';
import { answers } from '../fixtures/raw-upstream.js';
import { until, withDeadline } from '../fixtures/wait.js';
import { clock, server, source, startMetadataServer } from '../support/metadata-server.js';

startMetadataServer();

const MEMBER = 'authorization_grant_profiles_supported';
const PROFILE = 'urn:ietf:params:oauth:grant-profile:id-jag';
const publish = (metadata: Record<string, unknown>) => server.answer(answers.json({ issuer: server.url, ...metadata }));
const asking = () => {
  const offered = requireOffer(source, { member: MEMBER, value: PROFILE, setting: 'idJag.tokenUrl' });
  return () => withDeadline('the metadata', offered.get(null), 5_000);
};

describe('an offer in the metadata', () => {
  test('a list with the value is a document to use', async () => {
    publish({ [MEMBER]: ['urn:example:other', PROFILE] });
    expect(await asking()()).toMatchObject({ ok: true });
  });

  test.each<[string, Record<string, unknown>]>([
    ['no member', {}],
    ['null', { [MEMBER]: null }],
    ['an empty list', { [MEMBER]: [] }],
    ['another value', { [MEMBER]: ['urn:example:other'] }],
    ['a text in place of the list', { [MEMBER]: PROFILE }],
    ['the value in another member', { grant_types_supported: [PROFILE] }],
  ])('%s is no offer, and the detail says what to do', async (_what, metadata) => {
    publish(metadata);
    const get = asking();
    const detail = `the metadata does not offer this: ${MEMBER} has no ${PROFILE}; if the server supports it, set idJag.tokenUrl`;
    expect(await get()).toMatchObject({ ok: false, detail, isMisplaced: false });
    // Also while the source waits before it fetches again.
    expect(await get()).toMatchObject({ ok: false, detail });
  });

  test('a server that begins to offer it needs no restart, and calls in between cause few fetches', async () => {
    publish({});
    const get = asking();
    for (let i = 0; i < 20; i++) await get();
    expect(server.hits).toBeLessThanOrEqual(2);
    publish({ [MEMBER]: [PROFILE] });
    clock.advance(1_000);
    expect(await get()).toMatchObject({ ok: true });
  });

  test('an offer that ends counts from the next document on', async () => {
    publish({ [MEMBER]: [PROFILE] });
    const get = asking();
    expect(await get()).toMatchObject({ ok: true });
    publish({});
    clock.advance(3_600_000);
    await get();
    await until('the newer document', async () => !(await get()).ok);
  });

  test('no document at all is the failure of the source', async () => {
    server.answer(answers.status(500));
    expect(await asking()()).toMatchObject({ ok: false, detail: expect.stringContaining('status 500') });
  });
});
