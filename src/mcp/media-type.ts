// Recognizes the Content-Type of JSON and of event streams, in requests and in responses.

const EVENT_STREAM = /^text\/event-stream\s*(;|$)/i;
const JSON_TYPE = /^application\/json\s*(;|$)/i;
/** In another charset the same bytes are other names. JSON is UTF-8 (RFC 8259 section 8.1). */
const OTHER_CHARSET = /;\s*charset\s*=\s*(?!"?utf-?8"?\s*(;|$))/i;

export const isJsonType = (type: string): boolean =>
  type === 'application/json' || JSON_TYPE.test(type);

export const hasOtherCharset = (type: string): boolean => OTHER_CHARSET.test(type);

export const isEventStreamType = (type: string): boolean => EVENT_STREAM.test(type);
