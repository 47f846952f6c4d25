/** An amount of money in millionths of a unit as it is written: `€0.05`; more than two decimals only where they count. */
export function money(micros: number, currency: string): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency, maximumFractionDigits: 6 }).format(micros / 1e6);
}
