import { Random } from '../../math/random.ts';
import type { Vote } from './belief.ts';
import { ballotBelief, unseenVoter } from './beliefs.ts';
import type { ControlState, Decision, TurKontrolController } from './controller.ts';
import type { CompiledModel } from './model.ts';

/**
 * The same controller, asking for up to `most` votes at once where one answer could not end the voting.
 *
 * Asks for the smallest number of equal votes in a row that would end the ballot phase, at most `most`: the votes are
 * given while each other's result is not known, so fewer days are spent waiting and few votes are wasted. Improvements
 * are never asked for ahead. Costs up to 2 × `most` more decisions per ballot.
 *
 * Source: ours.
 */
export function withParallelBallots(
  model: CompiledModel,
  controller: TurKontrolController,
  most = 3,
): TurKontrolController {
  return {
    id: `${controller.id}-parallel`,
    decide(state: ControlState, random: Random): Decision {
      const decision = controller.decide(state, random);
      if (decision.action.kind !== 'ballot' || decision.action.count > 1) return decision;
      const { ballotMicros } = model.model.prices;
      const room =
        state.allowanceMicros === null
          ? most
          : Math.floor((state.allowanceMicros - state.spentMicros) / Math.max(1, ballotMicros));
      const count = Math.max(1, Math.min(most, room, runUntilDone(model, controller, state, most)));
      if (count === 1) return decision;
      return { ...decision, action: { kind: 'ballot', count }, price: count * model.ballotPrice };
    },
  };
}

/** The fewest equal votes in a row after which the controller would not ask for another. */
function runUntilDone(
  model: CompiledModel,
  controller: TurKontrolController,
  start: ControlState,
  most: number,
): number {
  let fewest = most;
  for (const vote of [1, 0] as Vote[]) {
    let state = start;
    for (let votes = 1; votes < fewest; votes++) {
      // The chance that the generator brings does not matter for what is asked here; the decision itself is made.
      const random = silent();
      const { belief } = ballotBelief(model, state.belief, vote, unseenVoter(model), random);
      state = {
        ...state,
        belief,
        yes: state.yes + vote,
        no: state.no + 1 - vote,
        spentMicros: state.spentMicros + model.model.prices.ballotMicros,
      };
      if (controller.decide(state, random).action.kind !== 'ballot') {
        fewest = votes;
        break;
      }
    }
  }
  return fewest;
}

function silent(): Random {
  return new Random('parallel ballots');
}
