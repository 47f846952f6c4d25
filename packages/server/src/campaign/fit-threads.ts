import { Worker } from 'node:worker_threads';
import { EngineError } from '@assay/core';
import type { FitAnswers, Fits } from './fits.ts';

export interface FitRequest {
  readonly id: number;
  readonly kind: keyof Fits;
  readonly answers: FitAnswers;
}
export type FitReply =
  | { readonly id: number; readonly result: Fits[keyof Fits]; readonly failed?: undefined }
  | { readonly id: number; readonly failed: string };

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** Fits on another core, so that requests wait for none: a thread that is started at the first fit. */
export class FitThread {
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | undefined;
  #last = 0;

  /** @throws {EngineError} fit-failed */
  run<Kind extends keyof Fits>(kind: Kind, answers: FitAnswers): Promise<Fits[Kind]> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      const request: FitRequest = { id, kind, answers };
      const { taskStart, worker, label } = answers;
      this.#started().postMessage(
        request,
        [taskStart, worker, label].map(({ buffer }) => buffer as ArrayBuffer),
      );
    });
  }

  /** Ends the thread; what it was doing is refused. */
  async stop(): Promise<void> {
    await this.#thread?.terminate();
  }

  #started(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const thread = new Worker(new URL(`./fit-thread.${extension}`, import.meta.url));
    thread.unref();
    thread.on('message', (reply: FitReply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if (reply.failed === undefined) waiting?.resolve(reply.result as never);
      else waiting?.reject(failure(reply.failed));
    });
    thread.on('error', (error) => this.#end(failure(error.message)));
    thread.on('exit', () => this.#end(failure('the thread ended')));
    this.#thread = thread;
    return thread;
  }

  #end(error: Error): void {
    this.#thread = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function failure(why: string): EngineError {
  const hint = 'it is tried again later';
  return new EngineError(`missing fit: ${why}; ${hint}`, { code: 'fit-failed', got: why, hint });
}
