import { readFile } from 'node:fs/promises';
import { InputError, shown } from '@assay/core';
import type { Prices } from '@assay/core/control';
import { InvalidArgumentError } from 'commander';
import { listOf } from './flags.ts';

/** Prices and families as typed or read, before the kinds of the workers are known. */
export interface PriceList {
  readonly micros: Readonly<Record<string, number>>;
  readonly families: Readonly<Record<string, string>>;
}

/** Money as typed, for example 0.05, in whole micro-units. */
export function moneyOf(text: string): number {
  const micros = Number(text) * 1e6;
  if (text.trim() === '' || !(micros >= 0) || !Number.isSafeInteger(Math.round(micros))) {
    throw new InvalidArgumentError('Give an amount of money of 0 or more, for example 12.50.');
  }
  return Math.round(micros);
}

/**
 * Prices per answer: a list `human=0.05,ai=0.002` or a file of lines `who,price[,family]` with any header.
 *
 * `who` is human, ai, or the name of an AI worker.
 */
export async function readPrices(given: string): Promise<PriceList> {
  const rows = given.includes('=')
    ? listOf(given).map((cell) => {
        const at = cell.lastIndexOf('=');
        return [cell.slice(0, at), cell.slice(at + 1)];
      })
    : (await fileText(given))
        .split(/\r?\n/)
        .filter((line) => line.trim() !== '')
        .map((line) => listOf(line.replaceAll('\t', ',')));
  const micros: Record<string, number> = {};
  const families: Record<string, string> = {};
  rows.forEach(([who = '', price = '', family = ''], index) => {
    const amount = Number(price);
    const isHeader = index === 0 && !given.includes('=') && Number.isNaN(amount);
    if (isHeader) return;
    if (who.trim() === '' || price.trim() === '' || !(amount >= 0)) {
      const hint = 'give human=0.05,ai=0.002 or a file with lines who,price';
      throw new InputError(`invalid price ${shown(`${who},${price}`)}; ${hint}`, {
        code: 'invalid-price',
        ...(given.includes('=') ? {} : { path: given, line: index + 1 }),
        got: price,
        hint,
      });
    }
    micros[who.trim()] = Math.round(amount * 1e6);
    if (family.trim() !== '') families[who.trim()] = family.trim();
  });
  return { micros, families };
}

/** The list as the plan wants it. Without a price for people they are taken to be free only if nobody is a person. */
export function pricesOf(list: PriceList, withPeople: boolean, overhead: number | undefined): Prices {
  const { human, ...aiMicros } = list.micros;
  if (human === undefined && withPeople) {
    const hint = 'add human=PRICE to --prices';
    throw new InputError(`missing price of a person's answer; ${hint}`, { code: 'missing-price', got: 'human', hint });
  }
  return {
    humanMicros: human ?? 0,
    aiMicros,
    families: list.families,
    ...(overhead === undefined ? {} : { overhead }),
  };
}

async function fileText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const hint = 'give a file with lines who,price, or a list such as human=0.05,ai=0.002';
    throw new InputError(`missing prices: cannot read ${shown(path)}; ${hint}`, {
      code: 'unreadable-file',
      path,
      hint,
      cause,
    });
  }
}
