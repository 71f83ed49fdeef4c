import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { type Instant, instantOfMs } from '../../base/instant.ts'
import type { CanaryRules } from '../../config/canary-shape.ts'
import type { Database, Sql } from '../../db/sql.ts'
import { type Principal, withActor } from '../../identity/principal.ts'
import { stageMove } from '../../registry/asked-moves.ts'
import type { Arm, Registry } from '../../registry/registry.ts'
import type { SaidArm } from './besides.ts'
import { type Counts, quantileMs } from './counts.ts'
import { type Judged, judge, type Quality } from './judge.ts'
import { readTrial } from './trial-counts.ts'

/** What was decided of a canary, for the record. */
export type GateDecision = {
  model: string
  version: number
  champion: number
  verdict: 'rolled_back' | 'promoted' | 'asked'
  says: string
  at: Instant
  /** Since the trial began, on all servers. */
  numbers: { canary: ArmNumbers; champion: ArmNumbers }
}

export type ArmNumbers = ReturnType<typeof numbersOf>

export type GateDeps = {
  trials: Pick<Registry, 'arms' | 'stopArm' | 'promote' | 'requests' | 'inStage'>
  /** Of both since the canary began, where labels came; null else. */
  qualityOf: (
    model: string,
    of: { metric: string; canary: number; champion: number; since: Instant },
  ) => Promise<Quality | null>
  record: (decision: GateDecision) => Promise<void>
}

type Model = { name: string; serving: { canary: CanaryRules } }

/**
 * Looks at one canary and rolls it back or promotes it by the rules of the project. Any server may: one at a time, by a lock in
 * the database, and whoever comes later finds no canary. So a decision is made once, on what all servers counted.
 */
export function createGate({ db, trials, qualityOf, record, clock }: GateDeps & { db: Database; clock: Clock }) {
  return (model: Model, here: readonly SaidArm[]): Promise<void> =>
    db.tx(async (tx) => {
      if (!here.some(({ role }) => role === 'canary')) return
      const [lock] = await tx.query<{ mine: boolean }>(LOCK, [model.name])
      if (!lock?.mine) return
      const { name } = model
      const [arms, champion] = await Promise.all([trials.arms(name), trials.inStage(name, 'Production')])
      const canary = arms.find(({ role }) => role === 'canary')
      if (!canary || !champion) return
      const broken = here.find(({ version, permanent }) => version === canary.version && permanent)?.problem ?? null
      const { judged, counted } = await judgedOf(tx, model, { canary, champion: champion.version })
      if (broken !== null) return rollBack(canary, champion.version, { says: broken, rule: 'load' }, counted)
      if (judged.verdict === 'roll_back') return rollBack(canary, champion.version, judged, counted)
      if (judged.verdict === 'promote') return promote(canary, champion.version, judged, counted)
    })

  async function judgedOf(tx: Sql, { name, serving }: Model, { canary, champion }: { canary: Arm; champion: number }) {
    const rules = serving.canary
    const spans = await readTrial(tx, canary.trial)
    const since = instantOfMs(canary.beganMs)
    const asked = rules.quality && { metric: rules.quality.metric, canary: canary.version, champion, since }
    const quality = asked && (await qualityOf(name, asked))
    const windows = [
      { says: 'in the last 5 s', canary: spans.seconds.arm, champion: spans.seconds.champion },
      { says: 'in the last minute', canary: spans.minute.arm, champion: spans.minute.champion },
      { says: 'since it began', canary: spans.all.arm, champion: spans.all.champion },
    ]
    const [now] = await tx.query<{ ms: number }>('select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms')
    const sinceMs = (now?.ms ?? 0) - canary.changedMs
    const counted = { canary: numbersOf(spans.all.arm), champion: numbersOf(spans.all.champion) }
    return { judged: judge({ windows, quality, rules, sinceMs }), counted }
  }

  type Why = { says: string; rule: Judged['rule'] | 'load' }

  async function rollBack(canary: Arm, champion: number, { says, rule }: Why, numbers: GateDecision['numbers']) {
    const { name, version } = canary
    const comment = `rolled back by the gate: ${says}`
    try {
      await withActor(GATE, () =>
        trials.stopArm(name, version, { actor: GATE.name, comment, details: { rule, ...numbers } }),
      )
    } catch (error) {
      // Somebody did it in the same moment.
      if (error instanceof PlatformError && error.code === 'conflict') return
      throw error
    }
    await told(canary, champion, 'rolled_back', comment, numbers)
  }

  /** In the name of whoever began it or let it grow: where another pair of eyes is needed, it is not theirs. */
  async function promote(canary: Arm, champion: number, { says }: Why, numbers: GateDecision['numbers']) {
    const { name, version, changedBy, changedToken } = canary
    const asked = await trials.requests({ name, open: false, limit: 50, before: null })
    const since = instantOfMs(canary.changedMs)
    // Asked once: whoever declines it has decided.
    if (asked.some((request) => request.version === version && request.kind === 'stage' && request.askedAt >= since))
      return
    const by: Principal = { name: changedBy, kind: 'flow', token: changedToken, from: 'the gate of a canary' }
    const comment = `the gate: ${says}`
    const move = stageMove({ name, version, stage: 'Production', archiveExisting: true })
    const made = await withActor(by, () =>
      trials.promote(move, { actor: changedBy, comment, details: { rule: 'time', ...numbers } }),
    )
    await told(canary, champion, made.state === 'made' ? 'promoted' : 'asked', comment, numbers)
  }

  async function told(
    canary: Arm,
    champion: number,
    verdict: GateDecision['verdict'],
    says: string,
    numbers: GateDecision['numbers'],
  ) {
    const { name: model, version } = canary
    await record({ model, version, champion, verdict, says, at: instantOfMs(clock.nowMs()), numbers })
  }
}

const GATE: Principal = { name: 'gate', kind: 'flow', token: null, from: null }

const LOCK = `select pg_try_advisory_xact_lock(hashtextextended('weir canary ' || $1, 0)) as mine`

/** What a side of a trial came to, as pages and the history show it. */
export function numbersOf(counts: Counts) {
  const { rows, failed, dropped, differs, difference } = counts
  const asked = rows + failed
  return {
    ...{ rows, failed, dropped },
    error_share: asked === 0 ? null : failed / asked,
    p50_ms: quantileMs(counts.ms, 0.5),
    p99_ms: quantileMs(counts.ms, 0.99),
    model_p99_ms: quantileMs(counts.modelMs, 0.99),
    mean_score: rows === 0 ? null : counts.sum / rows,
    differs_share: rows === 0 ? null : differs / rows,
    mean_difference: rows === 0 ? null : difference / rows,
  }
}
