// Peers that only some benchmarks load, installed by hand (see bench/package.json).
declare module '@duckdb/node-api';
