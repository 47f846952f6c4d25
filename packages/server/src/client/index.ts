/** A typed client of the HTTP interface, for programs. Needs nothing but `fetch`. */
export * from './client.ts';
export { type ClientOptions, type Input, RequestError } from './request.ts';
