/** Live campaigns: a store that loses nothing, decisions in microseconds, an HTTP interface. */
export * from './access/index.ts';
export * from './campaign/index.ts';
export * from './http/index.ts';
export * from './store/index.ts';
