/** Money and answer slots: what no interleaving may overspend. */
export * from './desk.ts';
export * from './ledger.ts';
