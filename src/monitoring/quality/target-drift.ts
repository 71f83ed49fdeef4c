import { addMs, displayInstant, type Instant } from '../../base/instant.ts'
import { labelOf, requireModel } from '../../config/find.ts'
import { predictedKind } from '../../config/predicts.ts'
import type { Project } from '../../config/project.ts'
import type { Features } from '../../features/features.ts'
import type { LabelTable } from '../../features/offline/training-set.ts'
import { orReason } from './parts.ts'

/**
 * How far what came true moved between two months: of two outcomes the difference of the share of the positive one, of several the total
 * variation of their shares, of numbers the difference of their means. Null where the labels of a month are not there, and why.
 */
export type TargetDrift = {
  value: number | null
  /** The share of the positive label, or the mean; null where there are several. */
  reference: number | null
  current: number | null
  says: string
}

type Deps = { project: Project; features: Pick<Features, 'withLabels'> }
type Shares = { mean: number | null; shares: Map<string, number> }

export async function targetDrift(
  deps: Deps,
  model: string,
  { from, to, knownAt }: { from: Instant; to: Instant; knownAt: Instant },
): Promise<TargetDrift> {
  const [before, after] = await Promise.all([from, to].map((at) => sharesOf(deps, model, at, knownAt)))
  const missing = [before!, after!].find((side) => 'reason' in side)
  if (missing && 'reason' in missing)
    return { value: null, reference: null, current: null, says: `[Target drift] not known: ${missing.reason}` }
  const [a, b] = [before as Shares, after as Shares]
  if (a.mean !== null && b.mean !== null) {
    const value = Math.abs(b.mean - a.mean)
    const says = `[Target drift] ref_rate=${a.mean.toFixed(4)} cur_rate=${b.mean.toFixed(4)} abs_diff=${value.toFixed(4)}`
    return { value, reference: a.mean, current: b.mean, says }
  }
  const labels = new Set([...a.shares.keys(), ...b.shares.keys()])
  const value = [...labels].reduce((sum, l) => sum + Math.abs((b.shares.get(l) ?? 0) - (a.shares.get(l) ?? 0)), 0) / 2
  return { value, reference: null, current: null, says: `[Target drift] total_variation=${value.toFixed(4)}` }
}

async function sharesOf(
  { project, features }: Deps,
  name: string,
  at: Instant,
  knownAt: Instant,
): Promise<Shares | { reason: string }> {
  const model = requireModel(project, name)
  const asOf = addMs(at, labelOf(project, model.label).horizonMs)
  if (asOf > knownAt) return { reason: `the labels of ${displayInstant(at)} are mature on ${displayInstant(asOf)}` }
  return orReason(() =>
    features.withLabels({ model: name, asOf, from: at, knownAt }, async ({ session, label, labelSql }: LabelTable) => {
      const kind = predictedKind(model, label.type)
      const { positive } = model
      if (kind === 'regression' || (kind === 'binary' && positive === null)) {
        const [row] = await session.rows<{ mean: number }>(
          `SELECT avg(CAST(${labelSql} AS DOUBLE)) AS mean FROM entity_rows`,
        )
        return { mean: row?.mean ?? null, shares: new Map() }
      }
      const rows = await session.rows<{ label: string; share: number }>(
        `SELECT CAST(${labelSql} AS VARCHAR) AS label, count(*) / sum(count(*)) OVER () AS share FROM entity_rows GROUP BY 1`,
      )
      const shares = new Map(rows.map(({ label: text, share }) => [text, Number(share)]))
      return { mean: kind === 'binary' ? (shares.get(String(positive)) ?? 0) : null, shares }
    }),
  )
}
