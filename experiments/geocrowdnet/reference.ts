/** A method with its reference accuracies: of the labels, and of the network on other tasks. */
export interface Row {
  readonly name: string;
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Null where there is no reference. */
  readonly drawn: readonly [number, number] | null;
  readonly music: readonly [number, number] | null;
  readonly labelme: readonly [number, number] | null;
  /** Part of the quick run. */
  readonly quick?: boolean;
}

const published = { warmUp: 0, labels: 'network' };
const diagonal = { start: 'diagonal' };
const settled = { start: 'dawid-skene' };

/** Means over three crowds or seeds of an independent implementation in another language, on the same answers. */
export const rows: readonly Row[] = [
  {
    name: 'Crowd layer MW, network',
    method: 'crowd-layer',
    options: { ...published, form: 'MW' },
    drawn: [0.848, 0.813],
    music: [0.731, 0.663],
    labelme: [0.826, 0.827],
  },
  {
    name: 'Crowd layer VW, network',
    method: 'crowd-layer',
    options: { ...published, form: 'VW' },
    drawn: [0.857, 0.82],
    music: [0.736, 0.661],
    labelme: [0.819, 0.825],
    quick: true,
  },
  {
    name: 'Crowd layer VW+B, network',
    method: 'crowd-layer',
    options: { ...published, form: 'VW+B' },
    drawn: [0.857, 0.819],
    music: [0.737, 0.661],
    labelme: [0.823, 0.827],
  },
  { name: 'Crowd layer', method: 'crowd-layer', options: {}, drawn: null, music: null, labelme: null, quick: true },
  {
    name: 'CCEM, start at 0.8',
    method: 'ccem',
    options: diagonal,
    drawn: [0.953, 0.819],
    music: [0.792, 0.671],
    labelme: [0.793, 0.817],
    quick: true,
  },
  {
    name: 'CCEM, identity start',
    method: 'ccem',
    options: { start: 'identity' },
    drawn: [0.89, 0.818],
    music: null,
    labelme: null,
  },
  {
    name: 'CCEM, Dawid-Skene start',
    method: 'ccem',
    options: settled,
    drawn: [0.967, 0.824],
    music: null,
    labelme: null,
    quick: true,
  },
  { name: 'CCEM', method: 'ccem', options: {}, drawn: null, music: null, labelme: null, quick: true },
  {
    name: 'Trace, start at 0.8',
    method: 'trace',
    options: diagonal,
    drawn: [0.952, 0.819],
    music: [0.792, 0.671],
    labelme: [0.793, 0.815],
  },
  { name: 'Trace', method: 'trace', options: {}, drawn: null, music: null, labelme: null },
  {
    name: 'GeoCrowdNet (F), start at 0.8',
    method: 'geocrowdnet-f',
    options: diagonal,
    drawn: [0.953, 0.815],
    music: [0.8, 0.679],
    labelme: [0.796, 0.815],
    quick: true,
  },
  {
    name: 'GeoCrowdNet (F), Dawid-Skene start',
    method: 'geocrowdnet-f',
    options: settled,
    drawn: [0.963, 0.818],
    music: null,
    labelme: null,
  },
  { name: 'GeoCrowdNet (F)', method: 'geocrowdnet-f', options: {}, drawn: null, music: null, labelme: null },
  {
    name: 'GeoCrowdNet (W), start at 0.8',
    method: 'geocrowdnet-w',
    options: diagonal,
    drawn: [0.952, 0.819],
    music: [0.793, 0.674],
    labelme: [0.797, 0.818],
    quick: true,
  },
  { name: 'GeoCrowdNet (W)', method: 'geocrowdnet-w', options: {}, drawn: null, music: null, labelme: null },
  {
    name: 'COINNet, start at 0.8, Adam',
    method: 'coinnet',
    options: { ...diagonal, corrections: 'adam', sparsity: 0.01 },
    drawn: [0.929, 0.814],
    music: [0.802, 0.66],
    labelme: [0.802, 0.818],
  },
  { name: 'COINNet', method: 'coinnet', options: {}, drawn: null, music: null, labelme: null },
  {
    name: 'Max-MIG',
    method: 'max-mig',
    options: {},
    drawn: [0.949, 0.825],
    music: [0.814, 0.696],
    labelme: [0.817, 0.84],
    quick: true,
  },
  {
    name: 'Max-MIG, 5 epochs of warm-up',
    method: 'max-mig',
    options: { warmUp: 5 },
    drawn: [0.948, 0.825],
    music: null,
    labelme: null,
  },
  {
    name: 'Max-MIG, Dawid-Skene start',
    method: 'max-mig',
    options: settled,
    drawn: null,
    music: null,
    labelme: null,
  },
];
