/** Who may come in, and who did what. */
export * from './principal.ts';
export * from './secrets.ts';
