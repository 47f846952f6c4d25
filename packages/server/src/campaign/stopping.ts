import { version } from '@assay/core';
import { type Controller, posteriorThreshold, type Source } from '@assay/core/control';
import type { CloseReason, Settings } from '../protocol/index.ts';

/** Why a task needs no more answers, with the numbers that say so and who decided. */
export interface Stop {
  readonly reason: CloseReason;
  readonly values: Readonly<Record<string, number>>;
  readonly policyVersion: string;
}

/**
 * Says when a task has enough answers: at k, or, where the number follows the task, when the controller of
 * `@assay/core/control` that the simulator drives too is sure of its label.
 */
export class StopRule {
  readonly #controller: Controller | undefined;

  /** Anybody: the controller need not know whom it asks. */
  readonly #crowd: Source;

  constructor(settings: Settings, classes = 2) {
    const confusion = new Float64Array(classes * classes).fill(1 / classes);
    this.#crowd = { id: 'crowd', confusion, priceMicros: 1, available: Number.POSITIVE_INFINITY };
    this.#controller = settings.adaptive === null ? undefined : posteriorThreshold(settings.adaptive);
  }

  /** The reason to close a task, or undefined to go on. `posterior` is undefined for questions without classes. */
  decide(task: number, accepted: number, k: number, posterior: Float64Array | undefined): Stop | undefined {
    if (this.#controller === undefined || posterior === undefined) {
      if (accepted < k) return undefined;
      const values: Record<string, number> = { answers: accepted, k };
      if (posterior !== undefined) values.confidence = Math.max(...posterior);
      return { reason: 'answers', values, policyVersion: `fixed ${version}` };
    }
    const counts = Float64Array.of(accepted);
    const state = {
      task: String(task),
      posterior,
      counts,
      outstanding: 0,
      sources: [this.#crowd],
      remainingMicros: null,
    };
    const decision = this.#controller.decide(state, undefined as never);
    const policyVersion = `${decision.controller} ${decision.version}`;
    const { threshold = 1, confidence: sure = 0 } = decision.values;
    if (decision.kind === 'stop') {
      return { reason: sure >= threshold ? 'confidence' : 'most-answers', values: decision.values, policyVersion };
    }
    return accepted < k ? undefined : { reason: 'most-answers', values: decision.values, policyVersion };
  }
}
