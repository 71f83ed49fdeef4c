/**
 * Quality: how good the answers of a model were, once labels came, and how good they are expected to be before.
 *
 * Owns no table: figures go to monitoring.measure (measures.ts). Invariants:
 * - Of an entity, a period, a version and an arm one answer counts: the last one of the period that is known at K (counted-answers.ts).
 * - A label counts when T + horizon is over and it was recorded up to K. What is measured again because labels came or were corrected is
 *   a new figure; what was known before stays.
 * - An estimate is called one in its name, in its figures and wherever it is shown.
 * - Without answers that were kept the month is scored afterwards by the champion, and that is said.
 */
import { PlatformError } from '../../base/errors.ts'
import { displayInstant, type Instant } from '../../base/instant.ts'
import { labelOf, requireModel } from '../../config/find.ts'
import { answerGroups } from './counted-answers.ts'
import { measureGroup } from './measure-group.ts'
import { measureScored } from './measure-scored.ts'
import type { MonthQuality, QualityDeps } from './parts.ts'
import { periodOf, periodsOf } from './periods.ts'
import { recordGroups } from './record.ts'

export type Quality = {
  /** Measures a period and records what is new of it. */
  measure(request: { model: string; at: Instant; knownAt?: Instant | undefined }): Promise<MonthQuality>
  /** The periods of a model, the newest first. */
  periods(model: string): Promise<Instant[]>
}

export type { GroupQuality, MonthQuality, VersionSource } from './parts.ts'

export function createQuality(deps: QualityDeps): Quality {
  const { sql, project, lake } = deps
  return {
    async measure({ model, at, knownAt }) {
      const defined = requireModel(project, model)
      const { horizonMs } = labelOf(project, defined.label)
      const now = await lake.pinKnownAt()
      if (knownAt !== undefined && knownAt > now)
        throw new PlatformError('invalid_argument', `known-at ${displayInstant(knownAt)} is in the future`)
      const k = knownAt ?? now
      const period = await periodOf(deps, model, at, k)
      const window = { ...period, knownAt: k, horizonMs }
      const groups = await answerGroups(deps.predictions, model, window)
      const found =
        groups.length > 0
          ? await measureGroup(deps, defined, groups, window)
          : await measureScored(deps, defined, window)
      const month = { model, ...period, knownAt: k, ...found, says: saysOf(found) }
      return { ...month, recorded: await recordGroups(sql, month, defined.monitoring.minLabels) }
    },
    periods: async (model) => periodsOf(deps, requireModel(project, model).name, await lake.pinKnownAt()),
  }
}

function saysOf({ groups, labels, unlabelled }: Pick<MonthQuality, 'groups' | 'labels' | 'unlabelled'>): string[] {
  const scored = groups.some(({ source }) => source === 'scored')
  return [
    ...(groups.length === 0
      ? ['no answer of this period was kept, and no version is in Production: nothing is measured']
      : []),
    ...(scored
      ? [
          'no answer of this period was kept: what is measured is what the champion would have said of the month, not what was answered',
        ]
      : []),
    ...groups.flatMap(({ version, leftOut = 0 }) => learnedText(version, leftOut)),
    ...(labels === null && unlabelled !== null ? [`labels are not there: ${unlabelled}`] : []),
    ...groups.flatMap(({ version, arm, parting }) =>
      parting?.conceptDrift ? [`version ${version}${arm === null ? '' : ` (${arm})`}: ${parting.says}`] : [],
    ),
  ]
}

function learnedText(version: number, leftOut: number | null): string[] {
  if (leftOut === null)
    return [`it is not known which of these version ${version} learned from: where it did, the figures flatter it`]
  if (leftOut === 0) return []
  return [`${leftOut} of the month that version ${version} learned from are left out: they would flatter it`]
}
