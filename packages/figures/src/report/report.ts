import { invalid } from '../check.ts';
import { fragment, html, type Markup, nothing, text } from '../svg.ts';
import { checksSection } from './checks-part.ts';
import type { ReportInput, ReportLimits } from './input.ts';
import { methodSection, readingSection } from './method-part.ts';
import { count, named, paragraph, type Section, tiles } from './parts.ts';
import { agreementSection, labelsSection, notesSection, qualitySection } from './quality-part.ts';
import { sortScript, sortScriptHash } from './script.ts';
import { pageStyles } from './style.ts';
import { confusionsSection, workersSection } from './workers-part.ts';

const defaultLimits: ReportLimits = { workers: 200, checks: 50, classes: 60, matrices: 12 };

/**
 * One self-contained HTML page about a result: what was read, how good the labels are and under which assumption, tasks
 * to check first, workers, confusions, agreement, how the fit went, and a paragraph for a paper.
 *
 * For people who decide whether to use the labels. For programs save the estimate as JSON. The page loads nothing from
 * outside, works without JavaScript (which only sorts tables), on a phone, in the dark and on paper. Names are escaped
 * and a content security policy allows no script but the page's own. Big inputs are cut to `limits` and say so, so the
 * page stays under 2 MB; cost O(answers + T·K).
 *
 * @throws InputError when table and estimate do not belong together.
 * @example
 * ```ts
 * import { answersFrom, fit, majorityVote, emptyReceipt } from '@assay/core';
 * import { report } from '@assay/figures/report';
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t2', 'ana', 'dog']]);
 * const estimate = fit(majorityVote, table);
 * const page = report({ title: 'Cats and dogs', receipt: emptyReceipt(), table, estimate, method: majorityVote });
 * page.startsWith('<!doctype html>'); // => true
 * ```
 */
export function report(input: ReportInput, limits: Partial<ReportLimits> = {}): string {
  const { table, estimate } = input;
  if (table.taskCount !== estimate.taskCount || table.classCount !== estimate.classCount) {
    throw invalid(
      'estimate',
      `${estimate.taskCount} tasks, ${estimate.classCount} classes`,
      `give the estimate of this table (${table.taskCount} tasks, ${table.classCount} classes)`,
    );
  }
  const all: ReportLimits = { ...defaultLimits, ...limits };
  const sections = [
    qualitySection(input),
    notesSection(input),
    checksSection(input, all),
    labelsSection(input, all),
    workersSection(input, all),
    confusionsSection(input, all),
    agreementSection(input),
    readingSection(input),
    methodSection(input),
  ].filter((section): section is Section => section !== undefined);
  const page = html(
    'html',
    { lang: 'en', class: 'assay-figure' },
    head(input),
    html(
      'body',
      {},
      html('a', { class: 'skip', href: '#content' }, text('Skip to the content')),
      opening(input),
      navigation(sections),
      html('main', { id: 'content' }, sections.map(sectionMarkup)),
      html('footer', {}, closing(input)),
      html('script', {}, sortScript as Markup),
    ),
  );
  return `<!doctype html>\n${page}\n`;
}

function head({ title }: ReportInput): Markup {
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src '${sortScriptHash}'; base-uri 'none'; form-action 'none'`;
  return html(
    'head',
    {},
    html('meta', { charset: 'utf-8' }),
    html('meta', { 'http-equiv': 'Content-Security-Policy', content: policy }),
    html('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    html('meta', { name: 'color-scheme', content: 'light dark' }),
    html('title', {}, text(named(title))),
    html('style', {}, pageStyles() as Markup),
  );
}

function opening({ title, table, receipt, method }: ReportInput): Markup {
  const question = table.question === '' || table.question === undefined ? '' : `Question: ${named(table.question)}. `;
  return html(
    'header',
    {},
    html('h1', {}, text(named(title))),
    paragraph(
      `${question}Labels by ${method.title} from ${receipt.sources.length === 1 ? named(receipt.sources[0]) : 'the answers given'}.`,
      'muted',
    ),
    tiles([
      { name: 'tasks', value: count(table.taskCount) },
      { name: 'answers', value: count(table.answerCount) },
      { name: 'workers', value: count(table.workerCount) },
      { name: 'classes', value: count(table.classCount) },
    ]),
  );
}

function navigation(sections: readonly Section[]): Markup {
  return html(
    'nav',
    { 'aria-label': 'Parts of the report' },
    html(
      'ul',
      {},
      sections.map(({ id, short }) => html('li', {}, html('a', { href: `#${id}` }, text(short)))),
    ),
  );
}

function sectionMarkup({ id, title, body }: Section): Markup {
  return html(
    'section',
    { id, 'aria-labelledby': `${id}-title` },
    html('h2', { id: `${id}-title` }, text(title)),
    body,
  );
}

function closing({ made, estimate }: ReportInput): Markup {
  return fragment(paragraph(`Written by Assay ${estimate.version}.${made === undefined ? '' : ` ${made}`}`), nothing);
}
