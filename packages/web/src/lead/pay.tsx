import type { Pay } from '@assay/server/protocol';
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { money } from '../shared/money.ts';
import { Failure, useAction } from './action.tsx';
import type { PartProps } from './campaign.tsx';

const usualCurrencies = ['EUR', 'USD', 'GBP', 'CHF', 'JPY', 'INR', 'BRL', 'CNY', 'KES', 'PHP'];

/** What people earn: an amount that may stay empty, and its currency. */
export function PayFields({ pay }: { readonly pay: Pay | null }): VNode {
  return (
    <div class="pair">
      <label>
        Pay for each answer, if any
        <input
          name="pay"
          type="number"
          min={0}
          max={1_000_000}
          step="any"
          defaultValue={pay === null ? '' : String(pay.micros / 1e6)}
        />
      </label>
      <label>
        Currency
        <input
          name="currency"
          list="currencies"
          pattern="[A-Za-z]{3}"
          title="three letters, such as EUR"
          maxLength={3}
          autocomplete="off"
          defaultValue={pay?.currency ?? 'EUR'}
        />
      </label>
      <datalist id="currencies">
        {usualCurrencies.map((currency) => (
          <option key={currency} value={currency} />
        ))}
      </datalist>
    </div>
  );
}

/** The pay of a filled form; null where the amount is empty. */
export function payIn(form: FormData): Pay | null {
  const micros = Math.round(Number(String(form.get('pay') ?? '').trim()) * 1e6);
  const currency = String(form.get('currency') ?? '')
    .trim()
    .toUpperCase();
  return micros > 0 ? { micros, currency } : null;
}

/** What people earn, and a way to raise it. */
export function Payment({ office, campaign }: PartProps): VNode {
  const action = useAction();
  const isSaved = useSignal(false);
  const { pay } = campaign.settings;
  return (
    <section aria-labelledby="pay">
      <h2 id="pay">Pay</h2>
      <p class="muted">
        {pay === null
          ? 'Work on this campaign is not paid. With an amount here, people see what they earn; paying them is up to you.'
          : `Now: ${money(pay.micros, pay.currency)} for each answer, practice excepted. A raise also counts for the answers already given; once there are answers, pay is never lowered. People see what they earn; paying them is up to you.`}
      </p>
      <form
        class="stack"
        onChange={() => {
          isSaved.value = false;
        }}
        onSubmit={(event) => {
          event.preventDefault();
          const settings = { pay: payIn(new FormData(event.currentTarget)) };
          void action.run(async () => {
            await office.change({ settings });
            isSaved.value = true;
          });
        }}
      >
        <PayFields pay={pay} />
        <Failure action={action} />
        <div class="row">
          <button type="submit" disabled={action.isBusy.value}>
            Save pay
          </button>
          <span role="status">{isSaved.value && 'Saved.'}</span>
        </div>
      </form>
    </section>
  );
}
