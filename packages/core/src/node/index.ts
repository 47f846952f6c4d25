export { openSource, openSources } from './open-source.ts';
export { readAnswersFile, readLabelsFile } from './read-files.ts';
export { startSweepThreads, stopSweepThreads } from './sweep-threads.ts';
export { writeFileAtomically } from './write-atomically.ts';
