import type { CanaryRules } from '../../config/canary-shape.ts'
import { above, type Counts, quantileMs } from './counts.ts'
import { scoreDrift } from './score-drift.ts'

/** Both sides of a trial over the same time: the last seconds, or all of it. */
export type Window = { says: string; canary: Counts; champion: Counts }

/** Live quality of both on the keys of each, once labels came. */
export type Quality = { metric: string; canary: number; champion: number; better: 'more' | 'less' }

export type Judged = {
  verdict: 'goes_on' | 'roll_back' | 'promote'
  /** One sentence, with the numbers. */
  says: string
  rule: 'errors' | 'p99' | 'drift' | 'quality' | 'time' | null
}

type Given = { windows: readonly Window[]; quality: Quality | null; rules: CanaryRules; sinceMs: number }

/**
 * What the rules of the project say of a canary. One that breaks a rule in any of the windows is rolled back; before it has
 * answered the least number of keys in a window, that window says nothing.
 */
export function judge({ windows, quality, rules, sinceMs }: Given): Judged {
  for (const window of windows) {
    const { canary, champion } = window
    if (canary.rows + canary.failed < rules.leastRequests) continue
    const said = errors(window, rules) ?? slow(window, rules)
    if (said) return { ...said, verdict: 'roll_back' }
    if (champion.rows < rules.leastRequests || rules.drift === null) continue
    const drift = scoreDrift(canary, champion)
    if (drift.value - drift.noise > rules.drift) {
      const says = `its scores have drifted by ${short(drift.value)} from the champion's ${window.says} (${canary.rows} keys; ${rules.drift} is the most)`
      return { verdict: 'roll_back', rule: 'drift', says }
    }
  }
  const worse = quality && rules.quality ? worseBy(quality) : 0
  if (quality && rules.quality && worse > rules.quality.worseBy) {
    const says = `its ${quality.metric} is ${short(quality.canary)} where the champion's is ${short(quality.champion)}, worse by ${short(worse)} (${rules.quality.worseBy} is the most)`
    return { verdict: 'roll_back', rule: 'quality', says }
  }
  const all = windows.at(-1)
  const enough = all !== undefined && all.canary.rows >= rules.leastRequests
  if (rules.promoteAfterMs !== null && enough && sinceMs >= rules.promoteAfterMs) {
    const says = `no rule objects after ${Math.round(sinceMs / 1000)} s and ${all.canary.rows} keys`
    return { verdict: 'promote', rule: 'time', says }
  }
  return { verdict: 'goes_on', rule: null, says: 'no rule objects' }
}

type Broken = Pick<Judged, 'says' | 'rule'>

/** Three failures at least: one or two of a hundred may be chance. */
const FAILURES_LEAST = 3

function errors({ canary, champion, says }: Window, rules: CanaryRules): Broken | undefined {
  if (rules.errors === null || canary.failed < FAILURES_LEAST) return undefined
  const asked = canary.rows + canary.failed
  const share = canary.failed / asked
  const theirs = champion.failed / Math.max(1, champion.rows + champion.failed)
  if (share - theirs < rules.errors) return undefined
  return {
    rule: 'errors',
    says: `it failed for ${canary.failed} of ${asked} keys ${says}, ${percent(share)} (${percent(rules.errors)} more than the champion's ${percent(theirs)} is the most)`,
  }
}

/**
 * As callers see it; or by the time of the models alone, where it adds what callers waited before it was there: a model
 * that holds up the process makes the champion's callers wait too, and the two would look alike.
 */
function slow({ canary, champion, says }: Window, { p99Times, leastRequests }: CanaryRules): Broken | undefined {
  if (p99Times === null || champion.rows < leastRequests) return undefined
  const theirs = quantileMs(champion.ms, 0.99) ?? 0
  const its = quantileMs(canary.ms, 0.99) ?? 0
  if (its >= p99Times * theirs && isMore(above(canary.ms, theirs), canary.rows)) {
    return {
      rule: 'p99',
      says: `its p99 is ${short(its)} ms where the champion's is ${short(theirs)} ms ${says} (${canary.rows} keys; ${p99Times} times is the most)`,
    }
  }
  const [model, championModel] = [quantileMs(canary.modelMs, 0.99) ?? 0, quantileMs(champion.modelMs, 0.99) ?? 0]
  const before = canary.beforeMs ?? champion.beforeMs ?? UNKNOWN_BEFORE_MS
  const adds = model - championModel
  if (model < p99Times * championModel || adds < (p99Times - 1) * before) return undefined
  if (!isMore(above(canary.modelMs, championModel), canary.rows)) return undefined
  return {
    rule: 'p99',
    says: `its model takes ${short(model)} ms at p99 where the champion's takes ${short(championModel)} ms ${says}; answers took ${short(before)} ms at p99 before it (${canary.rows} keys; ${p99Times} times is the most)`,
  }
}

/** Nobody asked before it began. */
const UNKNOWN_BEFORE_MS = 5

/** Whether so many of n beyond the champion's p99 are more than chance: 1 of 100 is expected, and four deviations more. */
function isMore(beyond: number, n: number): boolean {
  return beyond >= 3 && beyond > 0.01 * n + 4 * Math.sqrt(0.01 * n)
}

function worseBy({ canary, champion, better }: Quality): number {
  return better === 'more' ? champion - canary : canary - champion
}

const short = (value: number) => String(Number(value.toPrecision(3)))
const percent = (share: number) => `${Number((share * 100).toPrecision(3))} %`
