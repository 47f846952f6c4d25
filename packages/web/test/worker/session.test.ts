import { describe, expect, it } from 'vitest';
import { doorOf } from '../../src/worker/session.ts';

function storage(): Pick<Storage, 'getItem' | 'setItem'> {
  const values = new Map<string, string>();
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => void values.set(key, value) };
}

describe('door', () => {
  it('reads the secret after the hash and makes one worker of one browser', () => {
    const kept = storage();
    const first = doorOf(new URL('https://a.example/join#one'), kept);
    const second = doorOf(new URL('https://a.example/join#two'), kept);
    expect([first?.token, second?.token]).toEqual(['one', 'two']);
    expect(first?.platformId).toMatch(/^browser-[0-9a-f]{32}$/);
    expect(second?.platformId).toBe(first?.platformId);
    expect(first?.isNamed).toBe(false);
  });

  it('comes back by the last secret', () => {
    const kept = storage();
    expect(doorOf(new URL('https://a.example/join'), kept)).toBeUndefined();
    doorOf(new URL('https://a.example/join#one'), kept);
    expect(doorOf(new URL('https://a.example/join'), kept)?.token).toBe('one');
  });

  it.each(['PROLIFIC_PID', 'workerId', 'platformId', 'participant'])('knows the worker by %s', (parameter) => {
    const door = doorOf(new URL(`https://a.example/join?${parameter}=w%2042#one`), storage());
    expect(door).toEqual({ token: 'one', platformId: 'w 42', isNamed: true });
  });
});
