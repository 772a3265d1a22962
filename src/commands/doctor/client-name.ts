// The name of the doctor as an MCP client, and the mark of values that it makes up.

export const CLIENT_NAME = 'portcullis-doctor';
