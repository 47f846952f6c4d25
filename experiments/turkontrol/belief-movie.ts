import { type CompiledModel, gridOf, marginalOf, type WorkflowState } from '@assay/core/control';
import { linesFigure, smallMultiples } from '@assay/figures';

/** The belief of one task before each decision, as small multiples: old and new artifact's quality. */
export function beliefMovie(model: CompiledModel, states: readonly WorkflowState[], most = 12): string {
  const shown = states.slice(0, most);
  const marginals = shown.map((state) => {
    const grid = gridOf(state.belief);
    if (state.belief.stage === 'single') return { old: grid, candidate: null };
    return { old: marginalOf(grid, model.cells, 'old'), candidate: marginalOf(grid, model.cells, 'new') };
  });
  const top = Math.max(...marginals.flatMap(({ old, candidate }) => [...old, ...(candidate ?? [])]));
  return smallMultiples({
    title: 'What the controller believes before each decision',
    subtitle: `probability of each of ${model.cells} cells of quality`,
    columns: 4,
    panels: shown.map((state, i) => (width) => {
      const { old, candidate } = marginals[i];
      const points = (mass: Float64Array): { x: number; y: number }[] =>
        [...mass].map((y, c) => ({ x: model.qualities[c], y }));
      const series = [{ name: 'old', points: points(old) }];
      if (candidate !== null) series.push({ name: 'new', points: points(candidate) });
      return linesFigure({
        title: titleOf(state),
        width,
        x: { label: 'quality', domain: [0, 1] },
        y: { label: 'probability', domain: [0, Math.ceil(top * 20) / 20] },
        series,
      });
    }),
  });
}

function titleOf(state: WorkflowState): string {
  if (state.iterations === 0) return 'the first artifact';
  const votes = state.yes + state.no === 0 ? '' : `, votes ${'+'.repeat(state.yes)}${'−'.repeat(state.no)}`;
  return `improvement ${state.iterations}${votes}`;
}
