/** The HTTP interface. */
export { inProcessFetch } from './in-process.ts';
export { openApiDocument } from './openapi.ts';
export { createServer, type Limits, type ServerOptions } from './server.ts';
