/**
 * Makes one question of all that are asked in one turn of the event loop: `ask` gets the keys of all callers and each
 * caller the rows of its own, in its order. It fails for all or for none.
 */
export function gathered<Key, Row>(
  ask: (keys: readonly Key[]) => Promise<readonly Row[]>,
  nameOf: (key: Key | Row) => string,
): (keys: readonly Key[]) => Promise<Row[]> {
  let waiting: Key[] | undefined;
  let answer: Promise<ReadonlyMap<string, Row>> | undefined;
  return async (keys) => {
    if (waiting === undefined) {
      const mine: Key[] = [];
      waiting = mine;
      // The next tick comes after every promise that is settled already has told its listeners.
      answer = new Promise<void>((tick) => process.nextTick(tick)).then(async () => {
        waiting = undefined;
        return new Map((await ask(mine)).map((row) => [nameOf(row), row]));
      });
    }
    waiting.push(...keys);
    const rows = await answer!;
    return keys.flatMap((key) => rows.get(nameOf(key)) ?? []);
  };
}
