/** Who guesses, and who does not work alone. */
export { type Copying, type CopyingOptions, type CopyingPair, findCopying } from './copying.ts';
export { findSpammers, type SpammerOptions, type WorkerInformation, type WorkerVerdict } from './spammers.ts';
