import {
  barsFigure,
  calibrationFigure,
  confusionFigure,
  dotsFigure,
  type Figure,
  frontierFigure,
  histogramFigure,
  linesFigure,
  scatterFigure,
  smallMultiplesFigure,
} from '@assay/figures';

/** What a label may look like when someone means harm or is merely careless. */
export const hostile: readonly string[] = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onload='alert(1)",
  ']]>&amp;&#x3c;script>',
  '</title></svg><h1>',
  'nul\u0000 bell\u0007 lone\ud800 end\uffff',
  'line\nbreak\ttab',
  '\u202eright to left',
  '大江健三郎',
  '👩‍👩‍👧‍👦 family',
  '{{x}} --> <!-- <![CDATA[',
  'NaN',
  '',
  'x'.repeat(5000),
];

/** Every kind of figure made from the given names and numbers in [0, 1]. */
export function everyFigure(names: readonly string[], shares: readonly number[], width?: number): Figure[] {
  const name = (index: number): string => (names.length === 0 ? 'name' : names[index % names.length]);
  const title = name(0);
  const common = { title, subtitle: name(1), width };
  const interval = (share: number): { lo: number; hi: number } => ({ lo: share * 0.8, hi: Math.min(1, share * 1.1) });
  const rows = shares.map((value, index) => ({
    label: name(index),
    value,
    ...interval(value),
    count: index,
    group: name(index % 3),
  }));
  const classes = shares.slice(0, 14).map((_, index) => name(index));
  const counts = classes.map((_, t) =>
    classes.map((_, s) => Math.round(1000 * shares[(t * 7 + s * 3) % shares.length])),
  );
  const points = shares.map((share, index) => ({
    x: share,
    y: shares[(index + 1) % shares.length],
    label: name(index),
    group: name(index % 2),
  }));
  const series = [0, 1, 2].map((which) => ({
    name: name(which),
    points: shares.map((y, index) => ({ x: index + 1 + which, y, ...interval(y) })),
  }));
  const lineAxes = { x: { label: name(2), scale: 'log' as const }, y: { label: name(3), format: 'percent' as const } };
  return [
    barsFigure({ ...common, rows, format: 'percent', label: name(2), reference: { value: 0.5, label: name(4) } }),
    dotsFigure({
      ...common,
      rows,
      format: 'percent',
      label: name(2),
      countLabel: name(3),
      reference: { value: 0.5, label: name(4) },
    }),
    calibrationFigure({
      ...common,
      bins: shares.map((predicted, index) => ({
        predicted,
        observed: predicted,
        count: index,
        ...interval(predicted),
      })),
    }),
    confusionFigure({ ...common, classes, counts, rowLabel: name(2), columnLabel: name(3) }),
    scatterFigure({ ...common, points, x: { label: name(2) }, y: { label: name(3) } }),
    scatterFigure({ ...common, points, identity: true }),
    linesFigure({ ...common, series, ...lineAxes }),
    histogramFigure({
      ...common,
      values: shares,
      label: name(2),
      countLabel: name(3),
      reference: { value: 0.5, label: name(4) },
    }),
    frontierFigure({
      ...common,
      currency: name(5).slice(0, 3),
      points: shares.map((value, index) => ({
        label: name(index),
        cost: 1e6 * index,
        value,
        ...interval(value),
        highlight: index === 1,
      })),
    }),
    smallMultiplesFigure({
      ...common,
      columns: 1,
      panels: [
        (panelWidth) => histogramFigure({ title: name(6), values: shares, width: panelWidth }),
        (panelWidth) => linesFigure({ title: name(7), series, width: panelWidth, ...lineAxes }),
      ],
    }),
  ];
}
