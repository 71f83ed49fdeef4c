import type { TimelineAnswer } from '../../../src/wire/quality.ts'
import type { timeline as Words } from '../../words/en/timeline.ts'

type Point = TimelineAnswer['points'][number]
type W = typeof Words

/** One line of what happened; a figure has a value, perhaps null. */
export type Happened = {
  key: string
  at: string
  kind: keyof W['kinds']
  what: string
  value?: number | null
  low?: number | null
  high?: number | null
  /** As it was known first. */
  first?: number | null
}

const FIRST = ['auc', 'logloss', 'rmse', 'accuracy']

/** The measures that were measured or estimated, those that one looks at first in front. */
export function measuresIn({ points }: TimelineAnswer): string[] {
  const names = points.flatMap(({ metric }) => /^(?:quality|estimate)\.(.+)$/.exec(metric)?.[1] ?? [])
  const found = [...new Set(names)].filter((name) => name !== 'concept_drift')
  const place = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length)
  return found.sort((a, b) => place(a) - place(b) || a.localeCompare(b))
}

/** Truth, estimate (dashed) and drift over one axis of moments. */
export function drawn({ points }: TimelineAnswer, measure: string, w: W) {
  const shown = points.filter(
    ({ metric }) => metric === `quality.${measure}` || metric === `estimate.${measure}` || metric === 'drift.share',
  )
  const moments = [...new Set(shown.map(({ at }) => at))].sort()
  const byLine = new Map<string, Point[]>()
  for (const point of shown) {
    const name = nameOf(point, measure, w)
    byLine.set(name, [...(byLine.get(name) ?? []), point])
  }
  const lines = [...byLine].map(([name, own]) => ({
    name,
    values: moments.map((at) => own.find((point) => point.at === at)?.value),
    dashed: own[0]?.estimate === true,
  }))
  return { x: moments.map((at) => Date.parse(at) / 1000), lines }
}

/** Figures of the measure, drift, versions and decisions, the newest first. */
export function happenedOf({ points, versions, decisions }: TimelineAnswer, measure: string, w: W): Happened[] {
  const figures = points
    .filter(
      ({ metric }) =>
        !/^(quality|estimate)\./.test(metric) || metric.endsWith(`.${measure}`) || metric === 'quality.concept_drift',
    )
    .map((point, i): Happened => {
      const { metric, at, value, low, high, version, arm, says, first } = point
      const who = w.ofVersion(version, arm)
      return {
        ...{ key: `figure ${i}`, at, kind: kindOf(point), value, low, high },
        what: [metric, who, says].filter(Boolean).join(' · '),
        ...(first === null ? {} : { first: first.value }),
      }
    })
  const moved = versions.map(({ version, from, to, actor, at }, i): Happened => {
    return { key: `version ${i}`, at, kind: 'version', what: `${w.moved(version, from, to)} · ${actor}` }
  })
  const decided = decisions.map(({ kind, says, at }, i): Happened => {
    return { key: `decision ${i}`, at, kind: 'decision', what: `${kind} · ${says}` }
  })
  return [...figures, ...moved, ...decided].sort((a, b) => (a.at > b.at ? -1 : a.at < b.at ? 1 : 0))
}

function nameOf({ metric, estimate, version, arm }: Point, measure: string, w: W): string {
  if (metric === 'drift.share') return w.drift
  return (estimate ? w.estimate : w.truth)(measure, w.ofVersion(version, arm))
}

function kindOf({ metric, estimate }: Point): Happened['kind'] {
  if (estimate) return 'estimate'
  if (metric.startsWith('quality.')) return 'truth'
  return metric.startsWith('drift.') ? 'drift' : 'other'
}
