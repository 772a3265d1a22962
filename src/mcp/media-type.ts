// Recognizes the Content-Type of JSON and of event streams, in requests and in responses.

/** Only space and tab are white space here (RFC 9110 section 5.6.3), not the no-break space. */
const EVENT_STREAM = /^text\/event-stream[ \t]*(;|$)/i;
const JSON_TYPE = /^application\/json[ \t]*(;|$)/i;
/**
 * In another charset the same bytes are other names. JSON is UTF-8 (RFC 8259 section 8.1). Some
 * readers skip more white space before the name, so this expression does, too.
 */
const OTHER_CHARSET = /;\s*charset\s*=\s*(?!"?utf-?8"?[ \t]*(;|$))/i;

export const isJsonType = (type: string): boolean =>
  type === 'application/json' || JSON_TYPE.test(type);

export const hasOtherCharset = (type: string): boolean => OTHER_CHARSET.test(type);

export const isEventStreamType = (type: string): boolean => EVENT_STREAM.test(type);
