/** How a value is written: a share as per cent, a whole count, money in micro-units, or any number. */
export type ValueFormat = 'percent' | 'count' | 'money' | 'number';

/** How values of one axis or column are written. `currency` is put before money, for example `$`. */
export interface FormatOptions {
  readonly format?: ValueFormat;
  readonly currency?: string;
}

/**
 * One value for people: `93.1%`, `12,345`, `$1.20`, `0.0123`.
 *
 * The same on every machine: no locale is consulted. `undefined` and values that are not finite give an en dash.
 *
 * @example
 * ```ts
 * import { formatValue } from '@assay/figures';
 * formatValue(0.931, { format: 'percent' }); // => '93.1%'
 * formatValue(1_200_000, { format: 'money', currency: '$' }); // => '$1.20'
 * ```
 */
export function formatValue(value: number | undefined, { format = 'number', currency = '' }: FormatOptions): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  switch (format) {
    case 'percent':
      return `${fixed(value * 100, 1)}%`;
    case 'count':
      return grouped(fixed(value, Number.isInteger(value) ? 0 : 1));
    case 'money': {
      const amount = value / 1e6;
      const digits = amount !== 0 && Math.abs(amount) < 0.1 ? 4 : 2;
      return signed(amount, (size) => `${currency}${grouped(fixed(size, digits))}`);
    }
    default:
      return formatNumber(value);
  }
}

/** A number with up to four significant digits, grouped thousands, and an exponent where it is very large or small. */
export function formatNumber(value: number): string {
  return signed(value, (size) => {
    if (size === 0) return '0';
    if (size >= 1e9 || size < 1e-4) return trimmed(size.toExponential(2));
    if (size >= 1000) return grouped(fixed(size, 0));
    return trimmed(size.toPrecision(4));
  });
}

/** The labels of an axis: as many decimals as the distance of its ticks needs, no more. */
export function formatTicks(ticks: readonly number[], { format = 'number', currency = '' }: FormatOptions): string[] {
  const scale = format === 'percent' ? 100 : format === 'money' ? 1e-6 : 1;
  const values = ticks.map((tick) => tick * scale);
  const largest = Math.max(...values.map(Math.abs), 0);
  const gap = (i: number, j: number): number => Math.abs((values[i] ?? Number.POSITIVE_INFINITY) - values[j]);
  return values.map((value, i) =>
    signed(value, (size) => {
      const step = Math.min(gap(i - 1, i), gap(i + 1, i));
      const label = tickLabel(size, step, largest);
      if (format === 'percent') return `${label}%`;
      return format === 'money' ? `${currency}${label}` : label;
    }),
  );
}

function tickLabel(size: number, step: number, largest: number): string {
  if (size === 0) return '0';
  if (size >= 1e15 || size < 1e-6) return trimmed(size.toExponential(1));
  const unit = units.find(({ by }) => size >= by && largest >= 1e4);
  if (unit && step >= unit.by / 100) return `${trimmed(fixed(size / unit.by, decimalsOf(step / unit.by)))}${unit.name}`;
  return grouped(trimmed(fixed(size, decimalsOf(Math.min(step, size)))));
}

const units: readonly { by: number; name: string }[] = [
  { by: 1e9, name: 'B' },
  { by: 1e6, name: 'M' },
  { by: 1e3, name: 'k' },
];

function decimalsOf(step: number): number {
  if (!Number.isFinite(step) || step <= 0) return 2;
  return Math.min(9, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)) + (isTidy(step) ? 0 : 1));
}

/** A step of one significant digit needs no more decimals than its power of ten. */
function isTidy(step: number): boolean {
  const mantissa = step / 10 ** Math.floor(Math.log10(step) + 1e-9);
  return Math.abs(mantissa - Math.round(mantissa)) < 1e-6;
}

function fixed(value: number, digits: number): string {
  const result = value.toFixed(digits);
  return Number(result) === 0 ? result.replace('-', '') : result.replace('-', '−');
}

function signed(value: number, write: (size: number) => string): string {
  const size = write(Math.abs(value));
  return value < 0 && /[1-9]/.test(size) ? `−${size}` : size;
}

function grouped(digits: string): string {
  const [whole, part] = digits.split('.');
  const withCommas = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return part === undefined ? withCommas : `${withCommas}.${part}`;
}

function trimmed(digits: string): string {
  const [mantissa, exponent] = digits.split('e');
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  return exponent === undefined ? short : `${short}e${exponent.replace('+', '').replace('-', '−')}`;
}
