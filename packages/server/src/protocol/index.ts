/** What travels between server, pages and programs: types, schemas and the table of routes. */
export * from './access.ts';
export * from './campaigns.ts';
export * from './question.ts';
export * from './routes.ts';
export * from './settings.ts';
export * from './values.ts';
export * from './work.ts';
