/**
 * Versions beside the champion: table `registry.arm`. A canary answers for a share of the keys, a shadow is computed and given
 * to nobody. Behind the model's lock, as stages and aliases are.
 *
 * - A model has one canary at a time, so each key is answered by one of two versions; of shadows there are at most three.
 * - What begins, changes or ends is a line of the history and a row of the trail, in the transaction that makes it.
 * - A version that comes to Production, is archived or deleted is no arm any more. When the champion changes, the others are
 *   counted anew: what they had beside another champion says nothing.
 */
import { PlatformError } from '../base/errors.ts'
import type { Sql } from '../db/sql.ts'
import { recordChange } from '../identity/audit.ts'
import { actorNow } from '../identity/principal.ts'
import { limitOf } from '../wire/limits.ts'
import { armSaid } from './arm-words.ts'
import { type Stage, versionName } from './names.ts'
import { type Arm, type ArmRole, deleteArm, renewTrials, selectArms, upsertArm } from './queries/arms.ts'
import { insertTransitions } from './queries/history.ts'
import { notifyChanged } from './queries/models.ts'
import { selectLatest } from './queries/versions.ts'

/** Who did it, why and when; `request` where somebody else accepted it, `details` where numbers decided. */
export type Kept = {
  actor: string
  comment: string | null
  atMs: number
  request?: number
  details?: object | null
}

type Wanted = { name: string; version: number; role: ArmRole; share: number }

/** Begins an arm or gives it another share. The version is there: its stage was read. */
export async function beginArm(tx: Sql, wanted: Wanted, kept: Kept): Promise<void> {
  const { name, version, role, share } = wanted
  const arms = await selectArms(tx, name)
  await requireRoom(tx, wanted, arms)
  const was = arms.find((arm) => arm.version === version)
  if (was?.role === role && was.share === share) return
  const { name: by, token } = actorNow()
  await upsertArm(tx, { ...wanted, by, token, atMs: kept.atMs })
  await tell(tx, { name, version, was, is: { role, share } }, kept)
}

async function requireRoom(tx: Sql, { name, version, role }: Wanted, arms: readonly Arm[]): Promise<void> {
  const [champion] = await selectLatest(tx, [name], ['Production'])
  if (!champion)
    throw conflict(`no version of ${name} is in Production that it could be tried beside: promote one first`)
  if (champion.version === version) throw conflict(`version ${version} of ${name} is in Production: it answers already`)
  const others = arms.filter((arm) => arm.role === role && arm.version !== version)
  if (role === 'canary' && others[0]) {
    throw conflict(`version ${others[0].version} of ${name} is its canary now: promote it or roll it back first`)
  }
  const most = limitOf('shadowsPerModel')
  if (role === 'shadow' && others.length >= most) {
    throw conflict(`${name} has ${most} shadows (limit shadowsPerModel): stop one of them first`)
  }
}

/** Ends an arm: its keys are the champion's again. Gives what it was; undefined where it was none. */
export async function endArm(tx: Sql, name: string, version: number, kept: Kept): Promise<Arm | undefined> {
  const was = await deleteArm(tx, name, version)
  if (was) await tell(tx, { name, version, was, is: null }, kept)
  return was
}

/** After versions came to other stages. */
export async function settleArms(
  tx: Sql,
  name: string,
  moved: readonly { version: number; from: string; to: string }[],
  kept: Kept,
): Promise<void> {
  const over: readonly (Stage | string)[] = ['Production', 'Archived']
  for (const { version, to } of moved) if (over.includes(to)) await endArm(tx, name, version, kept)
  if (moved.some(({ from, to }) => from === 'Production' || to === 'Production')) await renewTrials(tx, name)
}

type Told = { name: string; version: number; was: Arm | undefined; is: Pick<Arm, 'role' | 'share'> | null }

async function tell(tx: Sql, { name, version, was, is }: Told, kept: Kept): Promise<void> {
  const { actor, comment, atMs, request, details = null } = kept
  const [from, to] = [was ? armSaid(was) : null, is && armSaid(is)]
  await insertTransitions(tx, name, [{ version, kind: 'arm', from, to, actor, comment, atMs, details }])
  const on = { kind: 'version', name: versionName(name, version) }
  const now = is && { role: is.role, share: is.share, ...(request === undefined ? {} : { request }) }
  const before = was ? { role: was.role, share: was.share } : null
  await recordChange(tx, { action: 'model.arm', on, model: name, from: before, to: now, why: comment })
  await notifyChanged(tx, name)
}

const conflict = (says: string) => new PlatformError('conflict', says)
