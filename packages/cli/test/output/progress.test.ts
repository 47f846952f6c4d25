import { expect, it } from 'vitest';
import { ProgressLine } from '../../src/output/progress.ts';

function terminal(isTTY: boolean): { line: ProgressLine; written: string[]; wait: (ms: number) => void } {
  const written: string[] = [];
  let time = 0;
  const stream = { isTTY, columns: 30, write: (text: string) => written.push(text) };
  const line = new ProgressLine(stream, () => time);
  const wait = (ms: number): void => {
    time += ms;
  };
  return { line, written, wait };
}

it('is silent in pipes', () => {
  const { line, written, wait } = terminal(false);
  wait(1000);
  line.bar('reading', 1, 2);
  line.clear();
  expect(written).toEqual([]);
});

it('says nothing about work that ends at once', () => {
  const { line, written, wait } = terminal(true);
  wait(100);
  line.bar('reading', 1, 2);
  line.clear();
  expect(written).toEqual([]);
});

it('draws now and then, within the width, and leaves nothing behind', () => {
  const { line, written, wait } = terminal(true);
  wait(400);
  line.bar('reading', 1, 2);
  wait(10);
  line.bar('reading', 2, 2);
  wait(100);
  line.show(() => 'x'.repeat(100));
  line.clear();
  expect(written).toHaveLength(3);
  expect(written[0]).toBe('\r\u001b[2Kreading [============        ');
  expect(written[1]).toBe(`\r\u001b[2K${'x'.repeat(29)}`);
  expect(written[2]).toBe('\r\u001b[2K');
});
