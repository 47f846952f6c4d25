import { barsFigure } from '@assay/figures';
import type { Progress } from '@assay/server/protocol';
import type { ComponentChildren, VNode } from 'preact';
import { money } from '../shared/money.ts';
import { FigureView, widthWithin } from './figure-view.tsx';
import type { Office } from './office.ts';
import { count, hours, percent, reasonWords } from './words.ts';

/** How far it is: as quality first, then as counts. */
export function ProgressPart({ office }: { readonly office: Office }): VNode | null {
  const progress = office.progress.value;
  if (progress === undefined) return null;
  const closed = progress.tasks - progress.open;
  const reasons = Object.entries(progress.closed).filter(([, tasks]) => tasks > 0);
  return (
    <section aria-labelledby="progress">
      <div class="title">
        <h2 id="progress">Progress</h2>
        <span class={office.isLive.value ? 'live on' : 'live'}>{office.isLive.value ? 'live' : 'connecting…'}</span>
      </div>
      <dl class="tiles">
        <Accuracy progress={progress} />
        <Tile
          name="Tasks done"
          value={count(closed)}
          more={`of ${count(progress.tasks)}${reasons.length === 1 ? `: ${nameOf(reasons[0][0])}` : ''}`}
        />
        <Tile name="Answers" value={count(progress.answers.accepted)} more={othersOf(progress)} />
        <TimeLeft progress={progress} />
        {progress.cost !== null && (
          <Tile
            name="Cost"
            value={money(progress.cost.earnedMicros, progress.cost.currency)}
            more={
              progress.cost.leftMicros === 0
                ? 'earned by all answers'
                : `at most ${money(progress.cost.leftMicros, progress.cost.currency)} more`
            }
          />
        )}
      </dl>
      <progress max={Math.max(1, progress.tasks)} value={closed} aria-label="Tasks done" />
      {reasons.length > 1 && (
        <FigureView
          figure={barsFigure({
            title: 'Done by reason',
            width: widthWithin(520),
            format: 'count',
            rows: reasons
              .sort(([, a], [, b]) => b - a)
              .map(([reason, tasks]) => ({ label: nameOf(reason), value: tasks })),
          })}
        />
      )}
    </section>
  );
}

function nameOf(reason: string): string {
  return reasonWords[reason] ?? reason;
}

function TimeLeft({ progress }: { readonly progress: Progress }): VNode {
  const { open, perHour, hoursLeft, status } = progress;
  const pace = perHour > 0 ? `at ${count(perHour)} answers/h` : 'nobody has answered in the last hour';
  if (open === 0) return <Tile name="Time left" value="None" more="every task is done" />;
  if (status !== 'open') return <Tile name="Time left" value="–" more={`the campaign is ${status}`} />;
  return <Tile name="Time left" value={hoursLeft === null ? '–' : hours(hoursLeft)} more={pace} />;
}

function Accuracy({ progress }: { readonly progress: Progress }): VNode {
  const { expectedAccuracy, expectedAccuracyReason } = progress;
  if (expectedAccuracy === null) {
    return <Tile name="Expected accuracy" value="–" more={expectedAccuracyReason ?? 'too early to say'} />;
  }
  const { value, lo, hi } = expectedAccuracy;
  return <Tile name="Expected accuracy" value={percent(value)} more={`${percent(lo)} to ${percent(hi)}`} />;
}

interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly more: ComponentChildren;
}

function Tile({ name, value, more }: TileProps): VNode {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>{value}</dd>
      <dd class="range">{more}</dd>
    </div>
  );
}

function othersOf({ answers, leases }: Progress): string {
  const parts = [
    leases > 0 && `${count(leases)} in work`,
    answers.skipped > 0 && `${count(answers.skipped)} skipped`,
    answers.surplus > 0 && `${count(answers.surplus)} surplus`,
    answers.rejected > 0 && `${count(answers.rejected)} rejected`,
  ].filter((part) => part !== false);
  return parts.join(', ') || 'counted';
}
