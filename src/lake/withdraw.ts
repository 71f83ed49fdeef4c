import { PlatformError } from '../base/errors.ts'
import { displayInstant, type Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import { findRequest, insertWithdrawal, selectSnapshots, takeMoment } from './queries.ts'
import type { Recorded } from './snapshot.ts'

export type WithdrawRequest = {
  source: string
  validAt: Instant
  /** Needed where the moment has several versions that can be read. */
  version?: number
  actor: string
  reason: string
  /** Names the wish: the same one again changes nothing and gives the same answer. */
  request: string
}

/** Written in the same transaction. */
export type AlsoWritten = (tx: Sql, snapshot: Recorded) => Promise<void>

type Deps = { sql: Sql; now(): Instant | null }

/** One transaction under the clock's lock: every K pinned before still sees the version, every later one does not. */
export async function withdraw(
  { sql, now }: Deps,
  request: WithdrawRequest,
  also: AlsoWritten = async () => {},
): Promise<Recorded> {
  const { source, actor, reason } = request
  if (reason.trim() === '') throw new PlatformError('invalid_argument', 'say why, for the record')
  return sql.tx(async (tx) => {
    const recordedAt = await takeMoment(tx, now())
    const chosen = pickVersion(await selectSnapshots(tx, { source }), request, 'withdraw')
    if (chosen.withdrawn !== null) {
      if (await findRequest(tx, chosen.seq, request.request)) return chosen
      throw withdrawnBefore(chosen)
    }
    const withdrawn = { recordedAt, actor, reason }
    await insertWithdrawal(tx, chosen.seq, { ...withdrawn, request: request.request })
    await also(tx, { ...chosen, withdrawn })
    return { ...chosen, withdrawn }
  })
}

/** The one version that a caller means; refuses with what there is where it is none, or one of several. */
export function pickVersion(
  all: readonly Recorded[],
  { source, validAt, version }: { source: string; validAt: Instant; version?: number | undefined },
  doing: 'withdraw' | 'look at',
): Recorded {
  const moment = displayInstant(validAt)
  const versions = all.filter((s) => s.source === source && s.validAt === validAt)
  if (versions.length === 0) {
    const moments = [...new Set(all.filter((s) => s.source === source).map((s) => displayInstant(s.validAt)))]
    const there =
      moments.length === 0 ? 'nothing of it was ever taken in' : `there are ${moments.slice(-12).join(', ')}`
    throw new PlatformError('not_found', `source '${source}' has no delivery of ${moment}; ${there}`)
  }
  if (version !== undefined) {
    const named = versions.find((s) => s.version === version)
    if (named) return named
    throw new PlatformError('not_found', `${source} of ${moment} has no version ${version}; it has ${listed(versions)}`)
  }
  const [readable, ...others] = versions.filter((s) => s.withdrawn === null)
  if (readable && others.length === 0) return readable
  const [only, ...rest] = versions
  if (!readable && only && rest.length === 0) return only
  throw new PlatformError(
    'invalid_argument',
    `${source} of ${moment} has ${listed(versions)}: say which one to ${doing}, with --version N`,
  )
}

function listed(versions: readonly Recorded[]): string {
  const names = versions.map((s) => (s.withdrawn === null ? `${s.version}` : `${s.version} (withdrawn)`))
  return `version${names.length === 1 ? '' : 's'} ${names.join(', ')}`
}

function withdrawnBefore({ id, withdrawn }: Recorded): PlatformError {
  const says = withdrawn && `on ${displayInstant(withdrawn.recordedAt)} by ${withdrawn.actor}: ${withdrawn.reason}`
  return new PlatformError('conflict', `${id} was withdrawn already ${says}`)
}
