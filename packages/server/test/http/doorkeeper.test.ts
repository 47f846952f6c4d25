import { AccessError } from '@assay/server';
import { describe, expect, it } from 'vitest';
import { Doorkeeper } from '../../src/http/doorkeeper.ts';

const opens = async (): Promise<string> => 'in';
const shut = async (): Promise<string> => {
  throw new AccessError(401, 'invalid-invite', 'invalid link', 'ask for a new one');
};

describe('the doorkeeper', () => {
  it('turns an address away after twenty unknown links in a minute, and nobody else', async () => {
    let now = 0;
    const keeper = new Doorkeeper(() => now);
    for (let i = 0; i < 20; i++) await expect(keeper.tried('1.2.3.4', shut)).rejects.toMatchObject({ status: 401 });
    await expect(keeper.tried('1.2.3.4', shut)).rejects.toMatchObject({ statusCode: 429 });
    await expect(keeper.tried('5.6.7.8', shut)).rejects.toMatchObject({ status: 401 });
    now = 60_000;
    await expect(keeper.tried('1.2.3.4', shut)).rejects.toMatchObject({ status: 401 });
  });

  it('keeps nobody waiting whose link opens, whatever their neighbours try', async () => {
    const keeper = new Doorkeeper(() => 0);
    for (let i = 0; i < 50; i++) await keeper.tried('school', shut).catch(() => {});
    for (let i = 0; i < 1000; i++) expect(await keeper.tried('school', opens)).toBe('in');
  });

  it('counts no failures that are not the caller’s', async () => {
    const keeper = new Doorkeeper(() => 0);
    const away = async (): Promise<string> => {
      throw new Error('the database is away');
    };
    for (let i = 0; i < 50; i++) await expect(keeper.tried('here', away)).rejects.toThrow('the database is away');
    await expect(keeper.tried('here', shut)).rejects.toMatchObject({ status: 401 });
  });
});
