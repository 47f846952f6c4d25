import { EngineError } from '@assay/core';

/**
 * The database is full, locked or away, and nothing was acknowledged. Trying again later is safe and needs no
 * restart: should the connection have died between the commit and its receipt, submissions are recognised by
 * their ids, and leases nobody heard of lapse.
 */
export class StoreUnavailable extends EngineError {
  constructor(why: string, cause?: unknown) {
    super(`missing database: ${why}; nothing was acknowledged, try again`, {
      code: 'store-unavailable',
      got: why,
      hint: 'see that the disk has room and the database runs; the server goes on by itself',
      cause,
    });
  }
}
