import type { Instant } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'
import type { TimelineAnswer } from '../../wire/quality.ts'
import { decisionsOf } from '../decisions.ts'
import { measuresOf, type RecordedMeasure } from '../measures.ts'

type Point = TimelineAnswer['points'][number]

/** So many figures and decisions are read, the newest first. */
const FIGURES = 5_000
const DECISIONS = 200

/** The figures of a model that are of it as a whole, and what was decided, as known at K. */
export async function timelineOf(
  sql: Pick<Sql, 'query'>,
  model: string,
  knownAt: Instant | undefined,
): Promise<Omit<TimelineAnswer, 'versions'>> {
  const [figures, decisions] = await Promise.all([
    measuresOf(sql, { on: { kind: 'model', name: model }, knownAt, limit: FIGURES }),
    decisionsOf(sql, { model, limit: DECISIONS }),
  ])
  return {
    model,
    points: pointsOf(figures.filter(({ part }) => part === null)),
    decisions: decisions
      .filter(({ recordedAt }) => knownAt === undefined || recordedAt <= knownAt)
      .map(({ kind, verdict, says, at, recordedAt, flowRun }) => ({
        ...{ kind, verdict, says, at },
        recorded_at: recordedAt,
        flow_run: flowRun,
      })),
  }
}

/** Of each measure, version, arm and moment the newest figure, and the first one where it was another. */
export function pointsOf(figures: readonly RecordedMeasure[]): Point[] {
  const groups = new Map<string, RecordedMeasure[]>()
  for (const one of figures) {
    const place = JSON.stringify([one.metric, one.version, one.arm, one.at])
    groups.set(place, [...(groups.get(place) ?? []), one])
  }
  return [...groups.values()]
    .map((group) => pointOf(group.sort((a, b) => a.id - b.id)))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0) || (a.metric < b.metric ? -1 : 1))
}

function pointOf(group: readonly RecordedMeasure[]): Point {
  const newest = group[group.length - 1]!
  const first = group[0]!
  const { metric, version, arm, at, details } = newest
  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  return {
    metric,
    estimate: metric.startsWith('estimate.'),
    ...{ version, arm, at },
    ...endsOf(newest),
    source: text(details.source),
    labelled: typeof details.labelled === 'number' ? details.labelled : null,
    says: text(details.says) ?? text(details.why),
    first: first.id === newest.id ? null : endsOf(first),
  }
}

function endsOf({ value, low, high, recordedAt }: RecordedMeasure) {
  return { value, low, high, recorded_at: recordedAt }
}
