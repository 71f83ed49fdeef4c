import type { Sql } from '../db/sql.ts'
import { recordChange } from '../identity/audit.ts'
import { actorNow } from '../identity/principal.ts'
import { beginArm, type Kept, settleArms } from './arms.ts'
import { type Stage, versionName } from './names.ts'
import { selectArms } from './queries/arms.ts'
import { dropAlias, insertTransitions } from './queries/history.ts'
import { notifyChanged } from './queries/models.ts'
import { moveAlias, moveVersion } from './queries/moves.ts'
import { selectAliased, selectLatest, selectStage } from './queries/versions.ts'

/** A stage for a version, an alias for a version, (version null) an alias taken away, or a share of the keys (`target`) for a canary. */
export type Move =
  | { kind: 'stage'; name: string; version: number; target: Stage; archiveExisting: boolean }
  | { kind: 'alias'; name: string; version: number | null; target: string; archiveExisting: false }
  | { kind: 'canary'; name: string; version: number; target: string; archiveExisting: false }

/** What stands there before it. */
export type Standing = {
  /** Of the version itself; undefined where there is no such version. */
  stage: Stage | undefined
  /** Who has the stage or the alias now; for a canary who is in Production. */
  champion: number | null
  /** Of the keys that this version answers for as a canary. */
  share: number
}

export async function standingOf(tx: Sql, { kind, name, version, target }: Move): Promise<Standing> {
  const stage = version === null ? undefined : await selectStage(tx, name, version)
  if (kind === 'alias') return { stage, champion: await selectAliased(tx, name, target), share: 0 }
  if (kind === 'canary') {
    const [[champion], arms] = await Promise.all([selectLatest(tx, [name], ['Production']), selectArms(tx, name)])
    const share = arms.find((arm) => arm.version === version)?.share ?? 0
    return { stage, champion: champion?.version ?? null, share }
  }
  const [there] = target === 'None' || target === 'Archived' ? [] : await selectLatest(tx, [name], [target])
  return { stage, champion: there?.version ?? null, share: 0 }
}

/** Whether all is as it is to be. */
export function isDone(move: Move, { stage, champion, share }: Standing): boolean {
  if (move.kind === 'canary') return share === Number(move.target)
  return move.kind === 'alias' ? champion === move.version : stage === move.target && !move.archiveExisting
}

/** Behind the model's lock: the move, its lines in the history and its rows in the trail. The version is there: its stage was read. */
export async function make(tx: Sql, move: Move, kept: Kept): Promise<void> {
  if (move.kind === 'stage') return makeStage(tx, move, kept)
  if (move.kind === 'canary') return beginArm(tx, { ...move, role: 'canary', share: Number(move.target) }, kept)
  if (move.version === null) return takeAway(tx, move, kept)
  const { name, version, target } = move
  const { text, values, name: named } = moveAlias({ name, version, alias: target, ...kept })
  const [found] = await tx.prepared<{ was: number | null }>(named, text, values)
  if (found && found.was !== version) await record(tx, move, { from: found.was, to: version }, kept)
}

async function makeStage(tx: Sql, move: Move & { kind: 'stage' }, kept: Kept): Promise<void> {
  const { name, target: stage } = move
  const { text, values, name: named } = moveVersion({ ...move, stage, ...kept })
  const found = await tx.prepared<{ version: number; from: string; to: string }>(named, text, values)
  const moved = found.filter((line) => line.from !== line.to)
  await settleArms(tx, name, moved, kept)
  for (const { version, from, to } of moved) {
    const on = { kind: 'version', name: versionName(name, version) }
    const to_ = { stage: to, ...asked(kept) }
    await recordChange(tx, {
      action: 'model.stage',
      on,
      model: name,
      from: { stage: from },
      to: to_,
      why: kept.comment,
    })
  }
}

async function takeAway(tx: Sql, move: Move & { kind: 'alias' }, kept: Kept): Promise<void> {
  const { name, target } = move
  const was = await dropAlias(tx, name, target)
  if (was === undefined) return
  const { actor, comment, atMs } = kept
  await insertTransitions(tx, name, [{ version: was, kind: 'alias', from: target, to: null, actor, comment, atMs }])
  await record(tx, move, { from: was, to: null }, kept)
  await notifyChanged(tx, name)
}

async function record(tx: Sql, move: Move, { from, to }: { from: number | null; to: number | null }, kept: Kept) {
  const on = { kind: 'alias', name: `${move.name}@${move.target}` }
  const at = (version: number | null) => (version === null ? null : { version })
  const after = to === null ? null : { version: to, ...asked(kept) }
  await recordChange(tx, { action: 'model.alias', on, model: move.name, from: at(from), to: after, why: kept.comment })
}

const asked = ({ request }: Kept) => (request === undefined ? {} : { request })

/** Who is told by the history: whoever has a token is known by it, others by what they call themselves. */
export function actorOf(claimed: string): string {
  const { kind, name } = actorNow()
  return kind === 'local' ? claimed : name
}
