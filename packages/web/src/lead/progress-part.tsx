import { barsFigure } from '@assay/figures';
import type { Progress } from '@assay/server/protocol';
import type { ComponentChildren, VNode } from 'preact';
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
          more={`of ${count(progress.tasks)}${progress.open > 0 ? `, ${count(progress.open)} open` : ''}`}
        />
        <Tile name="Answers" value={count(progress.answers.accepted)} more={othersOf(progress)} />
        <Tile
          name="Pace"
          value={`${count(progress.perHour)}/h`}
          more={
            progress.hoursLeft === null
              ? 'nobody has answered in the last hour'
              : `about ${hours(progress.hoursLeft)} left`
          }
        />
      </dl>
      <progress max={Math.max(1, progress.tasks)} value={closed} aria-label="Tasks done" />
      {reasons.length > 0 && (
        <FigureView
          figure={barsFigure({
            title: 'Done by reason',
            width: widthWithin(520),
            format: 'count',
            rows: reasons
              .sort(([, a], [, b]) => b - a)
              .map(([reason, tasks]) => ({ label: reasonWords[reason] ?? reason, value: tasks })),
          })}
        />
      )}
    </section>
  );
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
