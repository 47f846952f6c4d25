import { AccessError } from '@assay/server';
import { describe, expect, it } from 'vitest';
import { Doorkeeper } from '../../src/http/doorkeeper.ts';

const opens = async (): Promise<string> => 'in';
const shut = async (): Promise<string> => {
  throw new AccessError(401, 'invalid-invite', 'invalid link', 'ask for a new one');
};

describe('the doorkeeper', () => {
  it('stops an address after twenty unknown links in a minute, and lets it try again after that', async () => {
    let now = 0;
    const keeper = new Doorkeeper(() => now);
    for (let i = 0; i < 20; i++) await expect(keeper.tried('1.2.3.4', `wrong ${i}`, shut)).rejects.toThrow(AccessError);
    let asked = 0;
    const counted = (): Promise<string> => {
      asked++;
      return shut();
    };
    await expect(keeper.tried('1.2.3.4', 'wrong', counted)).rejects.toMatchObject({ statusCode: 429 });
    expect(asked).toBe(0);
    await expect(keeper.tried('5.6.7.8', 'right', opens)).resolves.toBe('in');
    now = 60_000;
    await expect(keeper.tried('1.2.3.4', 'right', opens)).resolves.toBe('in');
  });

  it('keeps nobody waiting whose link has opened, whatever neighbours try', async () => {
    const keeper = new Doorkeeper(() => 0);
    await keeper.tried('school', 'the link of the class', opens);
    for (let i = 0; i < 30; i++) await keeper.tried('school', `guess ${i}`, shut).catch(() => {});
    for (let i = 0; i < 1000; i++) expect(await keeper.tried('school', 'the link of the class', opens)).toBe('in');
    // A link that opened and was revoked is like any other.
    await expect(keeper.tried('school', 'the link of the class', shut)).rejects.toThrow(AccessError);
    await expect(keeper.tried('school', 'the link of the class', opens)).rejects.toMatchObject({ statusCode: 429 });
  });

  it('counts no failures that are not the caller’s', async () => {
    const keeper = new Doorkeeper(() => 0);
    const away = async (): Promise<string> => {
      throw new Error('the database is away');
    };
    for (let i = 0; i < 50; i++) await keeper.tried('here', 'right', away).catch(() => {});
    expect(await keeper.tried('here', 'right', opens)).toBe('in');
  });
});
