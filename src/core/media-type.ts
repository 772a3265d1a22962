// Decides which Content-Type says JSON that can be read, in requests and in answers. Never decides what a body says.

const JSON_TYPE = /^application\/json\s*(;|$)/i;
/** Read in another charset the same bytes are other names (RFC 8259 section 8.1). */
const OTHER_CHARSET = /;\s*charset\s*=\s*(?!"?utf-?8"?\s*(;|$))/i;

export const isJsonType = (type: string): boolean => type === 'application/json' || JSON_TYPE.test(type);

export const hasOtherCharset = (type: string): boolean => OTHER_CHARSET.test(type);
