/** Values that mean "no answer" unless they are declared classes. */
export const missingValues: readonly string[] = ['', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL'];

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const zones: Readonly<Record<string, number>> = {
  utc: 0,
  gmt: 0,
  z: 0,
  pst: -480,
  pdt: -420,
  est: -300,
  edt: -240,
  cst: -360,
  cdt: -300,
  mst: -420,
  mdt: -360,
};
const iso =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/i;
const unixDate = /^[a-z]{3},? ([a-z]{3}) (\d\d?) (\d\d):(\d\d):(\d\d) ([a-z]{1,4}) (\d{4})$/i;

/** Numbers at least this large are times in nanoseconds, microseconds, milliseconds; smaller ones, seconds. */
const leastNanoseconds = 1e17;
const leastMicroseconds = 1e14;
const leastMilliseconds = 1e11;
/** Smaller numbers are only an order of answers and are left as they are. */
const leastSeconds = 1e8;

/**
 * A time in milliseconds since 1970 UTC, or NaN when the text is none.
 *
 * Reads ISO 8601 (without a zone: UTC), seconds and milliseconds since 1970, small numbers as a mere
 * order of answers, and dates of the form `Thu Oct 09 07:30:20 UTC 2025`.
 */
export function parseTime(text: string): number {
  const value = text.trim();
  if (/^-?\d+(\.\d+)?$/.test(value)) return timeFromNumber(Number(value));
  const match = iso.exec(value);
  if (match !== null) {
    const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match;
    const days = daysFromCivil(Number(year), Number(month), Number(day));
    if (!validClock(Number(month), Number(day), Number(hour), Number(minute), Number(second))) return Number.NaN;
    const ms = Math.floor(Number(`${fraction}000`.slice(0, 3)));
    return clockMs(days, Number(hour), Number(minute) - zoneMinutes(zone), Number(second)) + ms;
  }
  const unix = unixDate.exec(value);
  if (unix !== null) {
    const month = months.indexOf(unix[1].toLowerCase());
    const zone = zones[unix[6].toLowerCase()];
    if (month < 0 || zone === undefined) return Number.NaN;
    const days = daysFromCivil(Number(unix[7]), month + 1, Number(unix[2]));
    return clockMs(days, Number(unix[3]), Number(unix[4]) - zone, Number(unix[5]));
  }
  return Number.NaN;
}

/** As {@link parseTime} for a number. */
export function timeFromNumber(value: number): number {
  if (Math.abs(value) >= leastNanoseconds) return value / 1e6;
  if (Math.abs(value) >= leastMicroseconds) return value / 1e3;
  if (Math.abs(value) >= leastMilliseconds || Math.abs(value) < leastSeconds) return value;
  return value * 1000;
}

let lastDate = -1;
let lastDays = 0;

/** The time of the commonest spellings straight from the bytes: digits and `2026-01-02T03:04:05[.678]Z`. */
export function timeFromBytes(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  const whole = digits(bytes, from, to);
  if (whole >= 0 && length <= 15) return timeFromNumber(whole);
  if ((length === 19 || length === 20 || length === 24) && bytes[from + 4] === 0x2d && bytes[from + 7] === 0x2d) {
    const separators =
      (bytes[from + 10] === 0x54 || bytes[from + 10] === 0x20) &&
      bytes[from + 13] === 0x3a &&
      bytes[from + 16] === 0x3a;
    const year = digits(bytes, from, from + 4);
    const month = digits(bytes, from + 5, from + 7);
    const day = digits(bytes, from + 8, from + 10);
    const hour = digits(bytes, from + 11, from + 13);
    const minute = digits(bytes, from + 14, from + 16);
    const second = digits(bytes, from + 17, from + 19);
    const ms = length === 24 ? (bytes[from + 19] === 0x2e ? digits(bytes, from + 20, from + 23) : -1) : 0;
    const zoned = length === 19 || bytes[to - 1] === 0x5a;
    if (separators && zoned && year >= 0 && ms >= 0 && validClock(month, day, hour, minute, second)) {
      // Rows follow each other in time: the day is mostly that of the row before.
      const date = (year * 12 + month) * 31 + day;
      if (date !== lastDate) [lastDate, lastDays] = [date, daysFromCivil(year, month, day)];
      return clockMs(lastDays, hour, minute, second) + ms;
    }
  }
  return parseTime(textOf(bytes, from, to));
}

/** A plain number straight from the bytes; NaN when it is none. */
export function numberFromBytes(bytes: Uint8Array, from: number, to: number): number {
  const whole = to - from <= 15 ? digits(bytes, from, to) : -1;
  if (whole >= 0) return whole;
  const text = textOf(bytes, from, to).trim();
  return text === '' ? Number.NaN : Number(text);
}

/** Money as text (`0.05`, `$0.05`) in whole micro-units, or NaN. */
export function parseMoney(text: string): number {
  const match = /^\s*[$€£¥]?\s*(-?\d+(?:\.\d+)?(?:e-?\d+)?)\s*$/i.exec(text);
  return match === null ? Number.NaN : Math.round(Number(match[1]) * 1e6);
}

/** Milliseconds since 1970 as ISO 8601 in UTC. */
export function isoTime(time: number): string {
  const days = Math.floor(time / 86_400_000);
  const rest = time - days * 86_400_000;
  const [year, month, day] = civilFromDays(days);
  const part = (value: number, width = 2): string => String(Math.floor(value)).padStart(width, '0');
  const clock = `${part(rest / 3_600_000)}:${part((rest / 60_000) % 60)}:${part((rest / 1000) % 60)}`;
  return `${part(year, 4)}-${part(month)}-${part(day)}T${clock}.${part(rest % 1000, 3)}Z`;
}

/** Is this the UTF-8 of a text? */
export function isUtf8(bytes: Uint8Array, from: number, to: number): boolean {
  let ascii = true;
  for (let i = from; i < to && ascii; i++) ascii = bytes[i] < 0x80;
  if (ascii) return true;
  try {
    strict.decode(bytes.subarray(from, to));
    return true;
  } catch {
    return false;
  }
}

/** The text of some bytes; damaged UTF-8 becomes replacement characters. */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  return lenient.decode(bytes.subarray(from, to));
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

function digits(bytes: Uint8Array, from: number, to: number): number {
  if (to <= from) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = bytes[i] - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function validClock(month: number, day: number, hour: number, minute: number, second: number): boolean {
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= 31 &&
    hour >= 0 &&
    hour <= 24 &&
    minute >= 0 &&
    minute < 60 &&
    second >= 0 &&
    second <= 60
  );
}

function clockMs(days: number, hour: number, minute: number, second: number): number {
  return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000;
}

function zoneMinutes(zone: string): number {
  if (!/^[+-]/.test(zone)) return 0;
  const sign = zone[0] === '-' ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '')));
}

/** Days since 1970-01-01 of a date of the Gregorian calendar, and back (Hinnant 2013, "chrono-compatible date algorithms"). */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

function civilFromDays(days: number): [year: number, month: number, day: number] {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}
