import { EngineError } from '@assay/core';

/**
 * The database is full, locked or away. Nothing of the operation was stored, nothing was acknowledged; trying
 * again later is safe and needs no restart.
 */
export class StoreUnavailable extends EngineError {
  constructor(why: string, cause?: unknown) {
    super(`missing database: ${why}; nothing was stored, try again`, {
      code: 'store-unavailable',
      got: why,
      hint: 'see that the disk has room and the database runs; the server goes on by itself',
      cause,
    });
  }
}
