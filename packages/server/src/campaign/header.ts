import { createHash } from 'node:crypto';
import { InputError } from '@assay/core';
import * as protocol from '../protocol/index.ts';
import type * as stored from '../store/index.ts';

/** What is asked and how, as the database keeps it. */
export interface Header {
  readonly id: number;
  readonly name: string;
  readonly status: protocol.CampaignStatus;
  readonly question: protocol.Question;
  readonly settings: protocol.Settings;
  readonly seed: number;
  readonly createdAt: number;
  readonly instructions: { readonly version: number; readonly text: string };
}

/** The header of a stored campaign, with the settings of today. */
export async function readHeader(store: stored.Store, row: stored.Campaign): Promise<Header> {
  const instruction = row.instructions === 0 ? undefined : await store.instruction(row.campaign);
  return {
    id: row.campaign,
    name: row.name,
    status: row.status,
    question: protocol.question.parse(row.question),
    settings: protocol.settings.parse({ ...protocol.defaultSettings, ...(row.settings as object) }),
    seed: row.seed,
    createdAt: row.createdAt,
    instructions: { version: instruction?.version ?? 0, text: instruction?.text ?? '' },
  };
}

/** A campaign as it goes over the wire. */
export function campaignReply({
  id,
  name,
  status,
  question,
  settings,
  seed,
  createdAt,
  instructions,
}: Header): protocol.Campaign {
  return { id, name, status, question, instructions, settings, seed, createdAt };
}

/** An id no other campaign has, on any server: clients keep unsent answers under it. */
export function globalId({ id, seed, createdAt }: Pick<Header, 'id' | 'seed' | 'createdAt'>): string {
  return createHash('sha256').update(`campaign/${id}/${seed}/${createdAt}`).digest('hex').slice(0, 16);
}

/** Refuses settings that do not fit the question. @throws {InputError} invalid-settings */
export function checkSettings(question: protocol.Question, settings: protocol.Settings): void {
  if (settings.adaptive !== null && protocol.classesOf(question) === undefined) {
    const hint = 'give a fixed k, or ask a choice or scale question';
    throw new InputError(
      `invalid adaptive settings for a ${question.kind} question: only choices and scales have probabilities to stop by; ${hint}`,
      {
        code: 'invalid-settings',
        path: 'settings.adaptive',
        got: question.kind,
        hint,
      },
    );
  }
}
