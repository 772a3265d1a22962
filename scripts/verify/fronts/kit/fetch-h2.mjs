// Lets the global fetch of a program use HTTP/2 where the server offers it. For `node --import`.
import { Agent, FormData, fetch, Headers, Request, Response, setGlobalDispatcher } from 'undici';

setGlobalDispatcher(new Agent({ allowH2: true }));
Object.assign(globalThis, { fetch, FormData, Headers, Request, Response });
