// The Content-Type values of readable JSON and of event streams.
import { expect, test } from 'vitest';
import { hasOtherCharset, isEventStreamType, isJsonType } from '../../src/mcp/media-type.js';

test.each([
  ['application/json', true, false],
  ['Application/JSON', true, false],
  ['application/json ; charset=utf-8', true, false],
  ['application/json;charset="UTF-8"', true, false],
  ['application/json; charset=utf8; x=1', true, false],
  ['application/json; profile=x', true, false],
  ['application/json; charset=utf-16', true, true],
  ['application/json; x=1; charset = "latin1"', true, true],
  ['application/json; charset=utf-8x', true, true],
  ['application/json\t; charset=utf-8\t', true, false],
  ['application/json\u00a0', false, false],
  ['application/json\u00a0; charset=utf-8', false, false],
  ['application/json\u000b', false, false],
  ['application/json\u2003;x=1', false, false],
  ['\u00a0application/json', false, false],
  ['application/json;\u00a0charset=utf-16', true, true],
  ['application/json; charset=utf-8\u00a0', true, true],
  ['application/jsonp', false, false],
  ['application/json, text/html', false, false],
  ['text/json', false, false],
  ['', false, false],
])('%s is JSON: %s, in another charset: %s', (type, json, other) => {
  expect([isJsonType(type), hasOtherCharset(type)]).toEqual([json, other]);
});

test.each([
  ['text/event-stream', true],
  ['Text/Event-Stream ; charset=utf-8', true],
  ['text/event-stream\t;x', true],
  ['text/event-stream\u00a0', false],
  ['text/event-stream\u00a0;charset=utf-8', false],
  ['text/event-streams', false],
  ['text/event-stream, text/html', false],
  ['application/json', false],
])('%s is an event stream: %s', (type, events) => expect(isEventStreamType(type)).toBe(events));
