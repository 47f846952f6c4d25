/** When to stop asking: one interface for all controllers, and the exact optima they are measured against. */
export * from './belief.ts';
export * from './controller.ts';
export * from './controllers.ts';
export * from './decision-log.ts';
export * from './families.ts';
export * from './find-fix-verify.ts';
export * from './lazy-susan.ts';
export * from './purchases.ts';
export * from './several-workflows.ts';
export * from './soft-answers.ts';
export * from './stop-or-ask.ts';
