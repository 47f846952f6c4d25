import type { AnswerTable } from '../../answers/answer-table.ts';
import type { Random } from '../../math/random.ts';
import type { ContentOrder } from '../content-order.ts';
import type { Progress } from '../method.ts';
import { notYet, pauseWhenDue, showingProgress } from '../pauses.ts';
import { counted } from '../table-notes.ts';
import { startingPosterior } from '../votes.ts';
import { type ConfusionDraws, withTestAnswers, workerDraws } from './confusion-draws.ts';
import { type MessageLoopResult, type MessageSettings, messageLoop } from './message-loop.ts';
import { SampledMessages, type SampledWorkers } from './sampled-messages.ts';

/** Time of one gamma draw, about. */
const nsPerGamma = 100;

/** Workers with fewer effective draws get draws of their own. */
const fewDraws = 20;
/** Times that poor draws are replaced after the messages have settled. */
const mostRounds = 3;
/** The most numbers that workers' own draws may hold together: 512 MB of float64. */
const mostOwnNumbers = 2 ** 26;

/** Where workers' own draws come from. */
export interface Redrawing {
  /** K×K Dirichlet parameters of the prior. */
  readonly alpha: Float64Array;
  readonly draws: number;
  readonly order: ContentOrder;
  readonly random: Random;
}

/**
 * Sampled messages whose draws are renewed around workers for whom few of the shared ones count:
 * first where the votes place busy workers, then where their messages do.
 */
export class SampledPropagation {
  readonly messages: SampledMessages;
  readonly #table: AnswerTable;
  readonly #draws: ConfusionDraws;
  readonly #redrawing: Redrawing | undefined;
  readonly #redrawn: Set<number> = new Set();
  #times = 0;
  #effective: Float64Array = new Float64Array(0);

  constructor(table: AnswerTable, logPrior: Float64Array, draws: ConfusionDraws, redrawing?: Redrawing) {
    this.#table = table;
    this.#draws = draws;
    this.#redrawing = redrawing;
    this.messages = new SampledMessages(table, logPrior, draws);
  }

  /** Passes messages until they settle, renewing draws where needed. `classes` gives the frequencies accuracies average over. */
  *settle(
    settings: MessageSettings,
    classes: () => Float64Array,
  ): Generator<Progress, MessageLoopResult & { found: SampledWorkers }, void> {
    // Before the first message the votes say where busy workers are; afterwards the messages do.
    const votes = startingPosterior(this.#table);
    yield notYet;
    if (this.#redrawing !== undefined && this.#times === 0) {
      const effective = yield* showingProgress(this.messages.effectiveAt(votes), notYet);
      yield* showingProgress(this.#drawAgain(effective, votes), notYet);
    }
    let { iterations, converged, notes } = yield* messageLoop(this.messages, settings);
    const reached = (): Progress => ({ iteration: iterations, objective: Number.NaN });
    let found = yield* showingProgress(this.messages.workers(classes()), reached());
    for (let round = 0; round < mostRounds; round++) {
      if ((yield* showingProgress(this.#drawAgain(found.effective), reached())) === 0) break;
      const again = yield* messageLoop(this.messages, settings);
      iterations += again.iterations;
      ({ converged, notes } = again);
      found = yield* showingProgress(this.messages.workers(classes()), reached());
    }
    this.#effective = found.effective;
    return { iterations, converged, notes, found };
  }

  /** How many workers got draws of their own, and how many still have few. */
  notes(): string[] {
    const notes: string[] = [];
    if (this.#redrawn.size > 0) {
      notes.push(`${counted(this.#redrawn.size, 'worker', 'workers')} with many answers got draws of their own`);
    }
    const least = Math.min(fewDraws, this.#draws.size / 2);
    const few = this.#effective.filter((effective) => effective < least).length;
    if (few > 0) {
      notes.push(
        `for ${counted(few, 'worker', 'workers')} fewer than ${fewDraws} draws count; raise draws, or use variational-bayes`,
      );
    }
    return notes;
  }

  /** New draws for workers of few effective ones, around their expected answers; how many workers. Pauses. */
  *#drawAgain(effective: Float64Array, posterior?: Float64Array): Generator<unknown, number, void> {
    if (this.#redrawing === undefined) return 0;
    const { alpha, draws, order, random } = this.#redrawing;
    const table = this.#table;
    this.#times++;
    const poor = poorWorkers(table, this.#draws.size, effective);
    const due = pauseWhenDue();
    for (const w of poor) {
      const counts = this.messages.expectedCounts(w, alpha, posterior);
      if (table.testCounts !== undefined) {
        for (let cell = 0; cell < counts.length; cell++) counts[cell] += table.testCounts[w * counts.length + cell];
      }
      const stream = random.fork(`worker ${order.workerKeys[w]}`).fork(this.#times);
      this.messages.setDraws(w, withTestAnswers(workerDraws(alpha, counts, draws, order, stream), table, w));
      this.#redrawn.add(w);
      if (due(draws * table.classCount ** 2 * nsPerGamma)) yield;
    }
    return poor.length;
  }
}

/** Workers whose draws have degenerated, those with most answers first as far as memory goes. */
function poorWorkers(table: AnswerTable, drawCount: number, effective: Float64Array): number[] {
  const { start } = table.byWorker;
  const poor = Array.from(effective.keys()).filter((w) => effective[w] < fewDraws && start[w + 1] > start[w]);
  poor.sort((a, b) => start[b + 1] - start[b] - (start[a + 1] - start[a]) || effective[a] - effective[b]);
  return poor.slice(0, Math.floor(mostOwnNumbers / (drawCount * table.classCount ** 2)));
}
