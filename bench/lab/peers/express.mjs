// Express with the bearer check of the MCP SDK, jose and http-proxy-middleware.
export const express = {
  name: 'Express',
  npm: [
    ['express', '5.3.0'],
    ['http-proxy-middleware', '3.0.10'],
    ['@modelcontextprotocol/sdk', '1.32.2'],
    ['jose', '6.2.17'],
  ],
  about: 'requireBearerAuth of the MCP SDK',
  script: 'express-server.mjs',
};
