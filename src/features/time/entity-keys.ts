import { LAST_INSTANT } from '../../base/instant.ts'
import type { DuckSession } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import { literal } from '../define/quote.ts'
import { plainInDuck } from '../define/value-types.ts'
import type { Subject } from './subject.ts'
import { viewAt } from './view-at.ts'

type Deps = { lake: Lake; session: DuckSession }

/**
 * Keys of an entity that its views know now and that begin with a text, in order: so many, and whether there are more. With
 * several join keys the first one is meant. `text` is how a path and a command name the key.
 */
export async function entityKeys(
  { lake, session }: Deps,
  { joinKeys, views }: Extract<Subject, { kind: 'entities' }>,
  prefix: string,
  limit: number,
): Promise<{ keys: { text: string; parts: Record<string, string> }[]; more: boolean }> {
  const knownAt = await lake.pinKnownAt()
  const named = views.filter((view) => view.keys.length > 0 && view.keys.length === joinKeys.length)
  const selects: string[] = []
  for (const view of named) {
    const { sql } = await viewAt(
      lake,
      { ...view, features: view.features.slice(0, 1) },
      { validAt: LAST_INSTANT, knownAt, mode: 'restated' },
      null,
    )
    const parts = joinKeys.map(({ name, type }, i) => {
      const place = view.keys.findIndex((key) => key.name === name)
      return `CAST(${plainInDuck(`k${place}`, type)} AS VARCHAR) AS t${i}, k${place} AS o${i}`
    })
    selects.push(
      `SELECT DISTINCT ${parts.join(', ')} FROM (${sql}) WHERE _status <> 'DELETED' AND ${beginsWith(
        view.keys.findIndex((key) => key.name === joinKeys[0]?.name),
        joinKeys[0]!.type,
        prefix,
      )}`,
    )
  }
  if (selects.length === 0) return { keys: [], more: false }
  const order = joinKeys.map((_, i) => `o${i}`).join(', ')
  const rows = await session.rows<Record<string, string>>(
    `SELECT DISTINCT ${joinKeys.map((_, i) => `t${i}, o${i}`).join(', ')} FROM (${selects.join('\nUNION ALL\n')}) ORDER BY ${order} LIMIT ${limit + 1}`,
  )
  const keys = rows.slice(0, limit).map((row) => {
    const parts = Object.fromEntries(joinKeys.map(({ name }, i) => [name, String(row[`t${i}`])]))
    const [only, second] = Object.values(parts)
    return { text: only !== undefined && second === undefined ? only : JSON.stringify(parts), parts }
  })
  return { keys, more: rows.length > limit }
}

function beginsWith(place: number, type: Parameters<typeof plainInDuck>[1], prefix: string): string {
  return prefix === '' ? 'true' : `starts_with(CAST(${plainInDuck(`k${place}`, type)} AS VARCHAR), ${literal(prefix)})`
}
