export type * from './access-store.ts';
export * from './lease-id.ts';
export * from './open-store.ts';
export type * from './store.ts';
export type * from './types.ts';
export * from './unavailable.ts';
