import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ArtifactRecord,
  type BallotRecord,
  ballotTable,
  checkDocument,
  checkModel,
  compileModel,
  drawImprovement,
  drawVote,
  type LearnOptions,
  learnModel,
  lookahead,
  model2010,
  readArtifacts,
  readBallots,
  startWorkflow,
  type Vote,
  workflowContext,
} from '../../../src/control/turkontrol/index.ts';
import { AssayError, InputError } from '../../../src/errors.ts';
import { sourceOf } from '../../../src/formats/source.ts';
import { Random } from '../../../src/math/random.ts';

const options: LearnOptions = {
  utility: { kind: 'linear', topMicros: 3_000_000 },
  prices: { improvementMicros: 50_000, ballotMicros: 10_000 },
};
const ballotsOf = (text: string): Promise<BallotRecord[]> => readBallots(sourceOf('ballots.csv', text));
const artifactsOf = (text: string): Promise<ArtifactRecord[]> => readArtifacts(sourceOf('artifacts.csv', text));

describe('reading logs', () => {
  it('reads ballots from CSV, TSV and JSON lines alike', async () => {
    const csv = await ballotsOf('old,new,worker,vote,shown_first\na,b,ana,new,old\na,b,bo,0,new\nb,c,ana,c,\n');
    const tsv = await readBallots(
      sourceOf(
        'ballots.tsv',
        'old\tnew\tworker\tvote\tshown_first\na\tb\tana\t1\told\na\tb\tbo\told\tnew\nb\tc\tana\tyes\t\n',
      ),
    );
    const lines = await readBallots(
      sourceOf(
        'b.jsonl',
        '{"old":"a","new":"b","worker":"ana","vote":true,"shown_first":"old"}\n{"old":"a","new":"b","worker":"bo","vote":0,"shown_first":"new"}\n{"old":"b","new":"c","worker":"ana","vote":"c"}\n',
      ),
    );
    expect(csv.map((ballot) => ballot.vote)).toEqual([1, 0, 1]);
    expect(tsv).toEqual(csv);
    expect(lines).toEqual(csv);
  });

  it('says line, column, value and fix, and collects errors', async () => {
    const error: unknown = await ballotsOf('pair,worker,vote\np,ana,1\np,bo,maybe\np,,1\n').catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(InputError);
    const all = (error as InputError).all;
    expect(all.map(({ code, line }) => [code, line])).toEqual([
      ['invalid-vote', 3],
      ['missing-worker', 4],
    ]);
    expect(all[0].message).toBe(
      'invalid vote "maybe" in line 3 of ballots.csv; give 1 or new, 0 or old, or the preferred artifact',
    );
    await expect(ballotsOf('pair,vote\np,1\n')).rejects.toThrow(/missing column "worker"/);
    await expect(artifactsOf('artifact,from\na,zebra\n')).rejects.toThrow(/unknown artifact in from "zebra"/);
    await expect(artifactsOf('artifact,quality\na,2\n')).rejects.toThrow(/invalid quality "2"/);
    await expect(artifactsOf('artifact,kind\na,anchor\n')).rejects.toThrow(/missing quality of anchor/);
    await expect(artifactsOf('artifact\na\na\n')).rejects.toThrow(/ambiguous artifact "a"/);
  });

  it('never crashes on any text: records or a clear error', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'pair',
        'worker',
        'vote',
        'old',
        'new',
        'truth',
        'difficulty',
        ',',
        '\n',
        '"',
        '{',
        '}',
        '[',
        ']',
        ':',
        '1',
        '0',
        'a',
        '\t',
        'é',
        '\u0000',
        '1e309',
        '-1',
        'NaN',
      ),
      fc.string({ maxLength: 4 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), fc.boolean(), async (pieces, headed) => {
        const text = `${headed ? 'pair,worker,vote,difficulty\n' : ''}${pieces.join('')}`;
        for (const read of [ballotsOf, artifactsOf] as ((text: string) => Promise<unknown[]>)[]) {
          try {
            expect(Array.isArray(await read(text))).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(AssayError);
            expect((error as Error).message).toMatch(/^(missing|unknown|invalid|ambiguous)/);
          }
        }
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});

describe('tables of ballots', () => {
  it('turns ballots on (b, a) into ballots on (a, b) and counts the last vote of a worker', () => {
    const table = ballotTable([
      { old: 'b', new: 'a', worker: 'ana', vote: 1, shownFirst: 'old' },
      { old: 'a', new: 'b', worker: 'bo', vote: 1 },
      { old: 'a', new: 'b', worker: 'bo', vote: 0 },
    ]);
    expect(table.pairs).toEqual(['a | b']);
    expect([...table.vote]).toEqual([0, 0]);
    expect(table.newFirst[0]).toBe(1);
    expect(table.notes[0]).toContain('1 of them change the vote');
  });

  it('refuses contradictions between rows', () => {
    const base = { pair: 'p', vote: 1 as Vote };
    expect(() =>
      ballotTable([
        { ...base, worker: 'a', truth: 1 },
        { ...base, worker: 'b', truth: 0 },
      ]),
    ).toThrow(/ambiguous truth of pair "p"/);
    expect(() =>
      ballotTable([
        { ...base, worker: 'a', difficulty: 0.1 },
        { ...base, worker: 'b', difficulty: 0.2 },
      ]),
    ).toThrow(/ambiguous difficulty/);
    expect(() => ballotTable([{ worker: 'a', vote: 1, old: 'x', new: 'x' }])).toThrow(/against itself/);
    expect(() =>
      ballotTable([
        { pair: 'p', worker: 'a', vote: 1, old: 'x', new: 'y' },
        { pair: 'p', worker: 'b', vote: 1, old: 'z', new: 'y' },
      ]),
    ).toThrow(/ambiguous pair/);
    expect(() => ballotTable([{ worker: 'a', vote: 1 }])).toThrow(/missing pair/);
  });
});

describe('learning a model from logs', () => {
  const random = new Random('logs');
  const artifacts: ArtifactRecord[] = [
    { artifact: 'empty', quality: 0.02, anchor: true },
    { artifact: 'gold', quality: 0.98, anchor: true },
  ];
  const quality = new Map<string, number>([
    ['empty', 0.02],
    ['gold', 0.98],
  ]);
  for (let task = 0; task < 16; task++) {
    let from: string | undefined;
    for (let step = 0; step < 4; step++) {
      const artifact = `t${task}v${step}`;
      const before = from === undefined ? 0 : (quality.get(from) ?? 0);
      quality.set(
        artifact,
        from === undefined
          ? random.beta(2, 6)
          : drawImprovement({ kind: 'polynomial', coefficients: [0.2, 0.7], concentration: 20 }, before, random),
      );
      artifacts.push({ artifact, from, anchor: false, worker: `i${random.integer(6)}` });
      from = artifact;
    }
  }
  const ballots: BallotRecord[] = [];
  for (const { artifact, from, anchor } of artifacts) {
    if (anchor) continue;
    for (const other of [from, 'empty', 'gold']) {
      if (other === undefined) continue;
      for (let w = 0; w < 8; w++) {
        ballots.push({
          old: other,
          new: artifact,
          worker: `w${w}`,
          vote: drawVote(quality.get(other) ?? 0, quality.get(artifact) ?? 0, 0.5, 0.3 + 0.3 * w, random),
        });
      }
    }
  }

  it('learns voters, improvement and first quality from votes alone', () => {
    const { document, report } = learnModel(ballots, artifacts, options);
    expect(report.ballots.mode).toBe('unknown');
    const { improvement, initial } = document.model;
    const [intercept, slope] = improvement.kind === 'polynomial' ? improvement.coefficients : [];
    // Drawn with 0.2 + 0.7 q; eight votes a pair leave the slope unsure by about 0.15.
    expect(Math.abs((slope ?? 0) - 0.7)).toBeLessThan(0.35);
    expect(Math.abs((intercept ?? 0) + (slope ?? 0) * 0.4 - 0.48)).toBeLessThan(0.12);
    expect(Math.abs(initial.a / (initial.a + initial.b) - 0.25)).toBeLessThan(0.12);
    const errors = report.qualities.map((one) => Math.abs(one.quality - (quality.get(one.artifact) ?? 0)));
    expect(errors.reduce((x, y) => x + y, 0) / errors.length).toBeLessThan(0.12);
    const gammas = report.ballots.voters.map((voter) => voter.gamma);
    expect(gammas[0]).toBeLessThan(gammas[7]);
    expect(checkDocument(JSON.parse(JSON.stringify(document)))).toEqual(document);
  });

  it('uses given qualities for truth, difficulty and M', () => {
    const rated = artifacts.map((one) => ({ ...one, quality: quality.get(one.artifact) }));
    const { document, report } = learnModel(ballots, rated, options);
    expect(report.ballots.mode).toBe('known');
    expect(report.exponent).not.toBeNull();
    const product =
      document.model.exponent *
      Math.exp(
        document.model.errors.gammas.reduce(
          (sum, gamma, g) => sum + document.model.errors.weights[g] * Math.log(gamma),
          0,
        ),
      );
    // True M γ has geometric mean 0.5 · 1.1; votes identify the product only.
    expect(product).toBeGreaterThan(0.35);
    expect(product).toBeLessThan(0.85);
    expect(report.improvement.coefficientIntervals[1].lo).toBeLessThan(0.7);
    expect(report.improvement.coefficientIntervals[1].hi).toBeGreaterThan(0.7);
  });

  it('learns jointly when asked', () => {
    const { report } = learnModel(ballots, artifacts, { ...options, mode: 'joint' });
    expect(report.ballots.mode).toBe('joint');
    expect(report.ballots.converged).toBe(true);
  });

  it.each<[string, BallotRecord[], ArtifactRecord[]]>([
    ['nothing at all', [], []],
    ['one artifact', [], [{ artifact: 'a', anchor: false }]],
    [
      'one ballot',
      [{ old: 'a', new: 'b', worker: 'w', vote: 1 }],
      [
        { artifact: 'a', anchor: false },
        { artifact: 'b', from: 'a', anchor: false },
      ],
    ],
    [
      'contradictory votes',
      [0, 1, 0, 1].map((vote, w) => ({ old: 'a', new: 'b', worker: `w${w}`, vote: vote as Vote })),
      [
        { artifact: 'a', anchor: false },
        { artifact: 'b', from: 'a', anchor: false },
      ],
    ],
    [
      'votes all equal',
      Array.from({ length: 20 }, (_, w) => ({ old: 'a', new: 'b', worker: `w${w}`, vote: 1 as Vote })),
      [
        { artifact: 'a', anchor: false },
        { artifact: 'b', from: 'a', anchor: false },
      ],
    ],
  ])('gives a usable model with notes from %s', (_name, few, made) => {
    const { document, report } = learnModel(few, made, options);
    expect(report.notes.length).toBeGreaterThan(0);
    expect(JSON.stringify(document)).not.toContain('null');
    const model = compileModel(checkModel(document.model));
    expect(model.kernel.every(Number.isFinite)).toBe(true);
    const start = startWorkflow(workflowContext(model));
    expect(lookahead(model).decide(start, new Random(1)).values.submit).toBeGreaterThanOrEqual(0);
  });
});

describe('models from files', () => {
  it('accepts what it wrote', () => {
    expect(checkModel(JSON.parse(JSON.stringify(model2010(1))))).toEqual(model2010(1));
    expect(checkDocument(model2010(1)).voters.voters).toEqual([]);
  });

  it('refuses broken ones with the JSON path and the fix, whatever is broken', () => {
    expect(() => checkModel({ ...model2010(1), cells: 1 })).toThrow(
      'invalid model.cells: "1"; expected a whole number from 2 to 200',
    );
    expect(() => checkModel({})).toThrow(/missing model.schema/);
    expect(() =>
      checkModel({ ...model2010(1), utility: { kind: 'convex', topMicros: Number.POSITIVE_INFINITY } }),
    ).toThrow(/invalid model.utility/);
    expect(() => compileModel(model2010(1), { utility: () => Number.NaN })).toThrow(/invalid utility: NaN/);
    const good: Record<string, unknown> = { ...model2010(1) };
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(good)), fc.jsonValue(), (key, value) => {
        try {
          const model = checkModel({ ...good, [key]: value });
          expect(compileModel(model).kernel.every(Number.isFinite)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 200, seed: 5 },
    );
  });
});
