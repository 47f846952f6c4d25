/** The HTTP interface. */
export { openApiDocument } from './openapi.ts';
export { createServer, type Limits, type ServerOptions } from './server.ts';
