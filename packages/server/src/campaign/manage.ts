import { randomInt } from 'node:crypto';
import { StateError, shown } from '@assay/core';
import { type CampaignBody, type CampaignPatch, defaultSettings, type Settings } from '../protocol/index.ts';
import type { Actor, Json, Store } from '../store/index.ts';
import { checkSettings, type Header, readHeader } from './header.ts';
import { placesOf } from './import.ts';

/**
 * Creates a campaign. The same name with the same question again is the campaign that is there, unchanged.
 *
 * @throws {InputError} invalid-settings
 * @throws {StateError} campaign-exists where another question was asked under that name
 */
export async function createCampaign(store: Store, body: CampaignBody, actor: Actor): Promise<Header> {
  const settings: Settings = { ...defaultSettings, ...body.settings };
  checkSettings(body.question, settings);
  const there = (await store.campaigns()).find(({ name }) => name === body.name);
  if (there !== undefined) {
    if (JSON.stringify(there.question) === JSON.stringify(body.question)) return readHeader(store, there);
    const hint = 'choose another name';
    const message = `invalid name ${shown(body.name)}: a campaign with another question has it; ${hint}`;
    throw new StateError(message, { code: 'campaign-exists', got: body.name, hint });
  }
  const { name, question, instructions = '', seed = randomInt(2 ** 32) } = body;
  const created = await store.createCampaign(
    { name, question: question as unknown as Json, settings: settings as unknown as Json, seed },
    actor,
  );
  if (instructions !== '') await store.addInstruction(created.campaign, instructions, actor);
  const row = await store.campaign(created.campaign);
  return readHeader(store, row ?? created);
}

/** What was promised for answers that were given holds. @throws {StateError} pay-lowered */
async function checkPay(
  store: Store,
  { id, settings: { pay: before } }: Header,
  { pay: after }: Settings,
): Promise<void> {
  if (before === null || (after?.currency === before.currency && after.micros >= before.micros)) return;
  const { answers } = await store.progress(id);
  if (answers.accepted + answers.surplus + answers.rejected === 0) return;
  const hint = 'raise it, or pay less in a new campaign';
  const got = after === null ? 'none' : `${after.micros / 1e6} ${after.currency}`;
  const message = `invalid pay of ${got}: answers were given for ${before.micros / 1e6} ${before.currency}; ${hint}`;
  throw new StateError(message, { code: 'pay-lowered', got, hint });
}

/**
 * Changes a campaign while it runs. How many answers tasks ask for follows at once: never below those they have.
 *
 * @throws {InputError} invalid-settings
 * @throws {StateError} pay-lowered
 */
export async function changeCampaign(store: Store, header: Header, patch: CampaignPatch, actor: Actor): Promise<void> {
  const settings: Settings = { ...header.settings, ...patch.settings };
  checkSettings(header.question, settings);
  await checkPay(store, header, settings);
  if (placesOf(settings) !== placesOf(header.settings)) {
    await store.setK(header.id, placesOf(settings), actor, { reopen: ['answers', 'most-answers'] });
  }
  const { name, status } = patch;
  const changed = patch.settings === undefined ? {} : { settings: settings as unknown as Json };
  await store.changeCampaign(header.id, { name, status, ...changed }, actor);
}
