import { PlatformError } from '../../base/errors.ts'
import { readInstant } from '../../base/instant.ts'
import type { Lake, Recorded } from '../../lake/lake.ts'
import { pickVersion } from '../../lake/withdraw.ts'
import { shown } from '../../wire/limits.ts'
import type { SnapshotParams } from '../../wire/snapshots.ts'

/** The snapshot of a path; refuses (not_found) with what there is of the source. */
export async function snapshotOf(lake: Lake, params: SnapshotParams): Promise<Recorded> {
  const { source, as_of: asOf, version: text } = params
  const validAt = readInstant(asOf)
  const version = /^v([1-9]\d{0,8})$/.exec(text)?.[1]
  if (validAt === undefined || version === undefined) throw noSnapshot(`${source}/${asOf}/${text}`)
  const history = await lake.history({ source })
  if (history.length === 0)
    throw new PlatformError('not_found', `nothing was ever taken in of a source ${shown(source)}`)
  return pickVersion(history, { source, validAt, version: Number(version) }, 'look at')
}

/** The same by its id in one text, as a query has it. */
export function snapshotOfId(lake: Lake, id: string): Promise<Recorded> {
  const [, source = '', as_of = '', version = ''] = /^(.+)\/([^/]+)\/([^/]+)$/.exec(id) ?? []
  if (source === '') throw noSnapshot(id)
  return snapshotOf(lake, { source, as_of, version })
}

function noSnapshot(id: string): PlatformError {
  return new PlatformError('not_found', `there is no snapshot ${shown(id)}; an id looks like users/2024-01-31/v1`)
}
