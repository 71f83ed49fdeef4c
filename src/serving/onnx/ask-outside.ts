/** Versions that answer in a process of their own: all rows of a request are asked at once, before the others are walked. */
import { messageOf, PlatformError } from '../../base/errors.ts'
import { withAges } from '../../ml/model/age.ts'
import type { InputValue } from '../../ml/model/encoder.ts'
import { outputsOf } from '../../ml/model/outcome.ts'
import { answerOf, type SaidBy } from '../arms/answer.ts'
import { keyTextOf, type Picked, pickArm, type Route } from '../arms/route.ts'
import type { LiveModel } from '../live-model.ts'
import { saidOf } from '../said.ts'

export type FromOutside = { outputs: Float64Array } | { error: PlatformError }

export function usesOutside({ champion, canary }: Route): boolean {
  return champion.live.outside !== undefined || canary?.live.outside !== undefined
}

type Asked = { parts: readonly unknown[] }
type Row = { found: boolean; values: readonly InputValue[] }

/** By row; undefined where the version of its key does not answer outside, or nobody knows the key. */
export async function askOutside(
  route: Route,
  asked: readonly Asked[],
  rows: readonly Row[],
  tMs: number,
): Promise<(FromOutside | undefined)[]> {
  const answers = new Array<FromOutside | undefined>(rows.length)
  const groups = new Map<LiveModel, number[]>()
  for (const [i, row] of rows.entries()) {
    const { live } = pickArm(route, keyTextOf(asked[i]!.parts))
    if (live.outside === undefined || !row.found) continue
    groups.set(live, [...(groups.get(live) ?? []), i])
  }
  for (const [live, at] of groups) {
    const values = at.map((i) => withAges(live.inputs, rows[i]!.values, tMs))
    const told = await predictedOf(live, values)
    for (const [r, i] of at.entries()) answers[i] = told[r]
  }
  return answers
}

/** Where one row is what the model cannot take, it refuses that one: the others are asked one by one. */
async function predictedOf(live: LiveModel, rows: readonly (readonly InputValue[])[]): Promise<FromOutside[]> {
  const width = outputsOf(live.model.outcome)
  try {
    const outputs = await live.outside!.predict(rows)
    return rows.map((_, r) => ({ outputs: outputs.subarray(r * width, (r + 1) * width) }))
  } catch (thrown) {
    const error = thrown instanceof PlatformError ? thrown : new PlatformError('unavailable', messageOf(thrown))
    if (rows.length === 1 || error.code !== 'conflict') return rows.map(() => ({ error }))
    const each: FromOutside[] = []
    for (const row of rows) each.push((await predictedOf(live, [row]))[0]!)
    return each
  }
}

/** A canary that fails has the champion in its place, and is no refusal. */
export function refusalOutside(picked: Picked, told: FromOutside | undefined): PlatformError | undefined {
  return told !== undefined && 'error' in told && picked.arm === 'champion' ? told.error : undefined
}

export function answerOutside(route: Route, picked: Picked, given: readonly InputValue[], told: FromOutside): SaidBy {
  const { arm, live } = picked
  if ('outputs' in told) return { arm, live, said: saidOf(live.model, told.outputs, 0), insteadOf: null }
  return { ...answerOf(route, route.champion, given), insteadOf: { live, failure: told.error.message } }
}
