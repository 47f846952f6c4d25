import { methods } from '@assay/core/methods';
import { learnMethods } from '@assay/learn/methods';
import { describe, expect, it } from 'vitest';
import { methodPages } from '../build-method-docs.ts';
import { learningPageOf } from '../lib/learning-pages.ts';
import { accuracyTable, docstringParts, linked, optionsTable } from '../lib/method-docs.ts';

const core = new Set(methods.map(({ id }) => id));

describe('a method page', () => {
  const pages = methodPages();

  it('exists for every method and says when to use it, how, with which options and from where', () => {
    for (const { id, title, options, citation } of methods) {
      const page = pages.get(`docs/methods/${id}.md`) ?? '';
      expect(page, id).toContain(`# ${title}\n`);
      expect(page, id).toMatch(/## When to use it\n\n\*\*Take it\*\*[\s\S]*\*\*Look elsewhere\*\*\n\n-/);
      expect(page, id).toContain(`-m ${id} `);
      expect(page, id).toContain(citation);
      for (const name of Object.keys(options)) expect(page, id).toContain(`| \`${name}\` |`);
    }
  });

  it('exists for every learning method too, with its measured rows', () => {
    for (const { id, title, options, citation } of learnMethods) {
      const page = pages.get(`docs/methods/${learningPageOf(id, core)}.md`) ?? '';
      expect(page, id).toContain(`# ${title}\n`);
      expect(page, id).toMatch(/## When to use it\n\n\*\*Take it\*\*[\s\S]*\*\*Look elsewhere\*\*\n\n-/);
      expect(page, id).toContain(`assay learn answers.csv --features features.npy -m ${id} `);
      expect(page, id).toContain(citation);
      for (const name of Object.keys(options)) expect(page, id).toContain(`| \`${name}\` |`);
    }
    expect(pages.get('docs/methods/haem.md')).toMatch(/\| HAEM literal \| logistic \| 0\.\d+/);
  });

  it('is listed in the index', () => {
    const index = pages.get('docs/methods/README.md') ?? '';
    for (const { id } of methods) expect(index).toContain(`[\`${id}\`](${id}.md)`);
    for (const { id } of learnMethods) expect(index).toContain(`[\`${id}\`](${learningPageOf(id, core)}.md)`);
  });

  it('comes out the same every time', () => {
    expect(methodPages()).toEqual(pages);
  });
});

describe('docstringParts', () => {
  it('separates the opening, the details, the source, the errors and the example', () => {
    const text =
      'A method.\n\nUse it now.\n\nShapes T×K.\nO(N).\n\nSource: A 2020.\n\n@throws {InputError} bad\n@example\nfit(x);\ny;';
    expect(docstringParts(text)).toEqual({
      opening: 'A method.',
      details: ['Shapes T×K.\nO(N).'],
      source: 'A 2020.',
      example: 'fit(x);\ny;',
      errors: ['{InputError} bad'],
    });
  });
});

describe('linked', () => {
  it('links methods and leaves other code as it is', () => {
    const idOf = new Map([['oneCoin', 'one-coin']]);
    const pages = new Map([
      ['one-coin', 'one-coin'],
      ['auto', 'learning-auto'],
    ]);
    expect(linked('As {@link oneCoin} or {@link other}, `auto`, `tie`, [`auto`](x)', idOf, pages)).toBe(
      'As [`one-coin`](one-coin.md) or `other`, [`auto`](learning-auto.md), `tie`, [`auto`](x)',
    );
  });
});

describe('accuracyTable', () => {
  it('reads numbers in bold and dashes', () => {
    const { sets, rows, mean } = accuracyTable(
      'x\n| method | a | b | mean |\n| --- | --- |\n| `m` | **1.50** | – | – |\n',
    );
    expect(sets).toEqual(['a', 'b']);
    expect(rows.get('m')).toEqual([1.5, Number.NaN]);
    expect(mean.get('m')).toBeNaN();
    expect(accuracyTable('').sets).toEqual([]);
  });
});

describe('optionsTable', () => {
  it('shows defaults, ranges and units of every kind', () => {
    const does = 'Does | it.';
    const table = optionsTable({
      a: {
        kind: 'number',
        default: 5,
        min: 0,
        max: Number.POSITIVE_INFINITY,
        above: true,
        unit: 'answers',
        does,
        why: 'w',
      },
      b: { kind: 'choice', default: 'x', choices: ['x', 'y'], does, why: 'w' },
      c: { kind: 'boolean', default: false, does, why: 'w' },
      d: { kind: 'numbers', default: null, min: 0, max: 1, does, why: 'w' },
    });
    expect(table.split('\n').slice(2)).toEqual([
      '| `a` | 5 | a number above 0 (answers) | Does \\| it. | w |',
      '| `b` | `x` | `x`, `y` | Does \\| it. | w |',
      '| `c` | false | `true`, `false` | Does \\| it. | w |',
      '| `d` | not given | numbers from 0 to 1 | Does \\| it. | w |',
    ]);
    expect(optionsTable({})).toBe('None.');
  });
});
