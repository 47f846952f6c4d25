import { formatNumber, formatTicks, formatValue } from '@assay/figures';
import { describe, expect, it } from 'vitest';

describe('formatValue', () => {
  it('writes shares, counts, money and numbers', () => {
    expect(formatValue(0.931, { format: 'percent' })).toBe('93.1%');
    expect(formatValue(-0.00001, { format: 'percent' })).toBe('0.0%');
    expect(formatValue(1234567, { format: 'count' })).toBe('1,234,567');
    expect(formatValue(2.5, { format: 'count' })).toBe('2.5');
    expect(formatValue(1_200_000, { format: 'money', currency: '$' })).toBe('$1.20');
    expect(formatValue(400, { format: 'money', currency: '$' })).toBe('$0.0004');
    expect(formatValue(-3_500_000_000, { format: 'money', currency: '€' })).toBe('−€3,500.00');
  });

  it('writes a dash for what is unknown', () => {
    expect([undefined, Number.NaN, Number.POSITIVE_INFINITY].map((value) => formatValue(value, {}))).toEqual([
      '–',
      '–',
      '–',
    ]);
  });
});

describe('formatNumber', () => {
  it('keeps four digits, groups thousands and falls back to exponents', () => {
    expect([0, 0.5, -12.3456, 12345.6, 1e-7, -3.2e12].map(formatNumber)).toEqual([
      '0',
      '0.5',
      '−12.35',
      '12,346',
      '1e−7',
      '−3.2e12',
    ]);
  });
});

describe('formatTicks', () => {
  it('has the decimals that the step needs', () => {
    expect(formatTicks([0, 0.05, 0.1], {})).toEqual(['0', '0.05', '0.1']);
    expect(formatTicks([0.8, 0.85, 0.9], { format: 'percent' })).toEqual(['80%', '85%', '90%']);
    expect(formatTicks([0.07, 0.075, 0.08], { format: 'percent' })).toEqual(['7%', '7.5%', '8%']);
    expect(formatTicks([0, 5_000_000, 10_000_000], { format: 'money', currency: '$' })).toEqual(['$0', '$5', '$10']);
    expect(formatTicks([-10, 0, 10], {})).toEqual(['−10', '0', '10']);
  });

  it('shortens thousands, millions and billions', () => {
    expect(formatTicks([0, 5000, 10000], {})).toEqual(['0', '5k', '10k']);
    expect(formatTicks([1, 100, 10000, 1e6], {})).toEqual(['1', '100', '10k', '1M']);
    expect(formatTicks([0, 2.5e9], {})).toEqual(['0', '2.5B']);
  });

  it('keeps neighbours apart', () => {
    for (const start of [0.1, 100, 9999, 12345, 1e6]) {
      const labels = formatTicks([start, start + 0.5, start + 1], {});
      expect(new Set(labels).size, labels.join(' ')).toBe(3);
    }
  });
});
