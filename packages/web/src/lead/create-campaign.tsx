import type { CampaignBody, Question } from '@assay/server/protocol';
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { Failure, useAction } from './action.tsx';
import type { Office } from './office.ts';
import { PayFields, payIn } from './pay.tsx';
import { visit } from './visit.ts';
import { kindWords } from './words.ts';

const kinds = Object.keys(kindWords) as Question['kind'][];

/** The form of a new campaign: what is asked, how, and how often. Everything but the question can change later. */
export function CreateCampaign({ office }: { readonly office: Office }): VNode {
  const action = useAction();
  const kind = useSignal<Question['kind']>('choice');
  return (
    <form
      class="stack form"
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        void action.run(async () => visit(office, (await office.create(campaignOf(form))).id));
      }}
    >
      <h2>New campaign</h2>
      <label>
        Name
        <input name="name" dir="auto" required maxLength={200} />
      </label>
      <label>
        Question
        <input name="prompt" dir="auto" required maxLength={2000} placeholder="What is this ticket about?" />
      </label>
      <label>
        An answer is
        <select
          name="kind"
          value={kind.value}
          onChange={(event) => {
            kind.value = event.currentTarget.value as Question['kind'];
          }}
        >
          {kinds.map((each) => (
            <option key={each} value={each}>
              {kindWords[each]}
            </option>
          ))}
        </select>
      </label>
      <KindFields kind={kind.value} />
      <label>
        Instructions, if any
        <textarea name="instructions" dir="auto" rows={4} />
      </label>
      <label class="short">
        Answers for each task
        <input name="k" type="number" min={1} max={1000} defaultValue="3" required />
      </label>
      <PayFields pay={null} />
      <Failure action={action} />
      <button type="submit" class="primary" disabled={action.isBusy.value}>
        Create
      </button>
    </form>
  );
}

function KindFields({ kind }: { readonly kind: Question['kind'] }): VNode | null {
  switch (kind) {
    case 'choice':
    case 'multi-label':
      return (
        <label>
          Choices, one on each line
          <textarea name="choices" dir="auto" rows={4} required />
        </label>
      );
    case 'scale':
      return (
        <div class="pair">
          <label>
            From
            <input name="least" type="number" step={1} defaultValue="1" required />
          </label>
          <label>
            which means
            <input name="leastTitle" dir="auto" />
          </label>
          <label>
            To
            <input name="most" type="number" step={1} defaultValue="5" required />
          </label>
          <label>
            which means
            <input name="mostTitle" dir="auto" />
          </label>
        </div>
      );
    case 'number':
      return (
        <div class="pair">
          <label>
            Least, if any
            <input name="least" type="number" step="any" />
          </label>
          <label>
            Most, if any
            <input name="most" type="number" step="any" />
          </label>
          <label>
            Unit, if any
            <input name="unit" maxLength={40} />
          </label>
        </div>
      );
    default:
      return null;
  }
}

/** What a filled form asks the server to create. */
export function campaignOf(form: FormData): CampaignBody {
  return {
    name: wordsIn(form, 'name') ?? '',
    question: questionOf(form),
    instructions: wordsIn(form, 'instructions'),
    settings: { k: numberIn(form, 'k') ?? 3, pay: payIn(form) },
  };
}

function questionOf(form: FormData): Question {
  const prompt = wordsIn(form, 'prompt') ?? '';
  const kind = form.get('kind') as Question['kind'];
  switch (kind) {
    case 'choice':
    case 'multi-label':
      return { kind, prompt, choices: linesIn(form, 'choices').map((value) => ({ value })) };
    case 'scale':
      return {
        kind,
        prompt,
        least: numberIn(form, 'least') ?? 1,
        most: numberIn(form, 'most') ?? 5,
        leastTitle: wordsIn(form, 'leastTitle'),
        mostTitle: wordsIn(form, 'mostTitle'),
      };
    case 'number':
      return {
        kind,
        prompt,
        least: numberIn(form, 'least'),
        most: numberIn(form, 'most'),
        unit: wordsIn(form, 'unit'),
      };
    case 'text':
      return { kind, prompt };
  }
}

function wordsIn(form: FormData, field: string): string | undefined {
  return String(form.get(field) ?? '').trim() || undefined;
}

function numberIn(form: FormData, field: string): number | undefined {
  const written = wordsIn(form, field);
  return written === undefined ? undefined : Number(written);
}

function linesIn(form: FormData, field: string): readonly string[] {
  const lines = (wordsIn(form, field) ?? '').split('\n').map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ''))];
}
