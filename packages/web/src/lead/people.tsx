import { dotsFigure } from '@assay/figures';
import type { WorkerReport } from '@assay/server/protocol';
import type { VNode } from 'preact';
import { money } from '../shared/money.ts';
import { Failure, useAction } from './action.tsx';
import type { PartProps } from './campaign.tsx';
import { FigureView, widthWithin } from './figure-view.tsx';
import { count, percent } from './words.ts';

/** More rows than this are a table only. */
const mostDrawn = 30;

/** Who works, how well as far as one can say, and a way to let somebody pause. */
export function People({ office, campaign }: PartProps): VNode {
  const currency = campaign.settings.pay?.currency;
  const action = useAction();
  const workers = office.workers.value.toSorted((a, b) => b.answers - a.answers);
  const known = workers.filter(({ accuracy }) => accuracy !== null);
  return (
    <section aria-labelledby="people">
      <h2 id="people">People</h2>
      {workers.length === 0 && <p class="muted">Nobody has come in yet.</p>}
      {known.length > 1 && known.length <= mostDrawn && (
        <FigureView
          figure={dotsFigure({
            title: 'Accuracy of each worker',
            subtitle: 'estimated, with 90 % intervals',
            width: widthWithin(640),
            format: 'percent',
            countLabel: 'answers',
            rows: known.map(({ name, accuracy, answers, kind }) => ({
              label: name,
              value: accuracy?.value ?? 0,
              lo: accuracy?.lo,
              hi: accuracy?.hi,
              count: answers,
              group: kind === 'ai' ? 'AI' : kind,
            })),
          })}
        />
      )}
      <Failure action={action} />
      {workers.length > 0 && (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col" class="number">
                  Answers
                </th>
                <th scope="col">Accuracy</th>
                <th scope="col" class="wide">
                  Gold
                </th>
                {currency !== undefined && (
                  <th scope="col" class="number wide">
                    Earned
                  </th>
                )}
                <th scope="col">
                  <span class="unseen">Change</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {workers.map((worker) => (
                <Row
                  key={worker.id}
                  worker={worker}
                  currency={currency}
                  onPause={
                    office.canLead
                      ? () => void action.run(() => office.changeWorker(worker.id, { paused: !worker.paused }))
                      : undefined
                  }
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

interface RowProps {
  readonly worker: WorkerReport;
  readonly currency?: string;
  readonly onPause?: () => void;
}

function Row({ worker, currency, onPause }: RowProps): VNode {
  const { name, answers, accuracy, gold, earnedMicros, paused, remarks } = worker;
  const others = remarks.filter((remark) => !remark.includes('too early'));
  return (
    <tr>
      <th scope="row">
        <bdi>{name}</bdi>
        {paused && <span class="status paused">Paused</span>}
        {currency !== undefined && <small class="narrow">{money(earnedMicros ?? 0, currency)} earned</small>}
        {others.map((remark) => (
          <small key={remark}>{remark}</small>
        ))}
      </th>
      <td class="number">{count(answers)}</td>
      <td>
        {accuracy === null ? (
          <span class="muted">too early to say</span>
        ) : (
          <>
            {percent(accuracy.value)}{' '}
            <span class="muted range">
              {percent(accuracy.lo)} to {percent(accuracy.hi)}
            </span>
          </>
        )}
      </td>
      <td class="wide">{gold.answered === 0 ? '–' : `${gold.right} of ${gold.answered}`}</td>
      {currency !== undefined && <td class="number wide">{money(earnedMicros ?? 0, currency)}</td>}
      <td class="action">
        {onPause !== undefined && (
          <button type="button" class="small" aria-label={`${paused ? 'Resume' : 'Pause'} ${name}`} onClick={onPause}>
            {paused ? 'Resume' : 'Pause'}
          </button>
        )}
      </td>
    </tr>
  );
}
