// The fixed material for the conformance scenarios: results of simple tools, resources, prompts,
// schemas. It uses no SDK.

/** A PNG of one red pixel, base64. */
export const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';

/** A WAV file with no samples (8 kHz, 8 bit, mono), base64. */
export const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';

export const text = (value) => ({ type: 'text', text: value });
export const image = { type: 'image', data: PNG, mimeType: 'image/png' };
const resource = (uri, mimeType, value) => ({
  type: 'resource',
  resource: { uri, mimeType, text: value },
});

export const noArguments = { type: 'object', properties: {} };

/** Tools whose answer is always the same: name, description, result. */
export const fixedTools = [
  [
    'test_simple_text',
    'Answers with text',
    { content: [text('This is a simple text response for testing.')] },
  ],
  ['test_image_content', 'Answers with an image', { content: [image] }],
  [
    'test_audio_content',
    'Answers with audio',
    { content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] },
  ],
  [
    'test_embedded_resource',
    'Answers with an embedded resource',
    {
      content: [
        resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
      ],
    },
  ],
  [
    'test_multiple_content_types',
    'Answers with text, an image and a resource',
    {
      content: [
        text('Multiple content types test:'),
        image,
        resource(
          'test://mixed-content-resource',
          'application/json',
          '{"test":"data","value":123}',
        ),
      ],
    },
  ],
  [
    'test_error_handling',
    'Always fails',
    { isError: true, content: [text('This tool intentionally returns an error for testing')] },
  ],
];

/** The tool whose JSON Schema 2020-12 keywords must survive tools/list. */
export const schemaTool = {
  name: 'json_schema_2020_12_tool',
  description: 'Tool with JSON Schema 2020-12 features',
  inputSchema: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: {
      address: {
        $anchor: 'addressDef',
        type: 'object',
        properties: { street: { type: 'string' }, city: { type: 'string' } },
      },
    },
    properties: {
      name: { type: 'string' },
      address: { $ref: '#/$defs/address' },
      contactMethod: { type: 'string', enum: ['phone', 'email'] },
      phone: { type: 'string' },
      email: { type: 'string' },
    },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    // biome-ignore lint/suspicious/noThenProperty: a JSON Schema keyword
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false,
  },
};

/**
 * Resources with a fixed address: uri, name, description, mimeType and the content without its uri
 * and type.
 */
export const resources = [
  {
    uri: 'test://static-text',
    name: 'Static text',
    description: 'A text that never changes',
    mimeType: 'text/plain',
    content: { text: 'This is the content of the static text resource.' },
  },
  {
    uri: 'test://static-binary',
    name: 'Static binary',
    description: 'An image that never changes',
    mimeType: 'image/png',
    content: { blob: PNG },
  },
  {
    uri: 'test://watched-resource',
    name: 'Watched resource',
    description: 'A resource to subscribe to',
    mimeType: 'text/plain',
    content: { text: 'Watched resource content.' },
  },
];

/** The one resource template. */
export const template = {
  uriTemplate: 'test://template/{id}/data',
  name: 'Template',
  description: 'A resource addressed by an id',
  mimeType: 'application/json',
};

/** The content of a template resource. */
export const templateContent = (uri, id) => ({
  uri,
  mimeType: template.mimeType,
  text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
});

const user = (content) => ({ role: 'user', content });

/** Prompts: name, description, names of the required arguments, and a function for the messages. */
export const prompts = [
  {
    name: 'test_simple_prompt',
    description: 'A prompt without arguments',
    args: [],
    messages: () => [user(text('This is a simple prompt for testing.'))],
  },
  {
    name: 'test_prompt_with_arguments',
    description: 'A prompt with two arguments',
    args: ['arg1', 'arg2'],
    messages: ({ arg1, arg2 }) => [
      user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
    ],
  },
  {
    name: 'test_prompt_with_embedded_resource',
    description: 'A prompt which embeds a resource',
    args: ['resourceUri'],
    messages: ({ resourceUri }) => [
      user(resource(resourceUri, 'text/plain', 'Embedded resource content for testing.')),
      user(text('Please process the embedded resource above.')),
    ],
  },
  {
    name: 'test_prompt_with_image',
    description: 'A prompt with an image',
    args: [],
    messages: () => [user(image), user(text('Please analyze the image above.'))],
  },
];

const WORDS = ['paris', 'park', 'party', 'test', 'testing'];

/** Completion values for a prefix. */
export const complete = (prefix) => WORDS.filter((word) => word.startsWith(prefix));

/** Waits; the delays of the suite's own examples. */
export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
