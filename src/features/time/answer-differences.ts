import { PlatformError } from '../../base/errors.ts'
import { nextOffset } from '../../wire/page.ts'
import type { DifferencesAnswer } from '../../wire/time.ts'
import { differencesOf } from './differences.ts'
import { entityAt, requireKey } from './entity-at.ts'
import { entityDifferences } from './entity-differences.ts'
import { boundedPage, type Page } from './pages.ts'
import { bySeqOf } from './read-rows.ts'
import { namedIn, readOf } from './reads.ts'
import type { Subject } from './subject.ts'
import type { TimeDeps } from './table.ts'
import { tableAt } from './table-at.ts'
import type { Setting } from './view-at.ts'

type Differences = Omit<DifferencesAnswer, 'of' | 'mode' | 'command'>
type Sides = { a: Setting; b: Setting }

/** A page of what differs from a to b, and how much differs in all. */
export async function answerDifferences(
  deps: TimeDeps,
  subject: Subject,
  sides: Sides,
  key: string | null,
  page: Page,
): Promise<Differences> {
  if (subject.kind === 'entities') return ofEntity(deps, subject, sides, requireKey(key, subject), page)
  const { lake, session } = deps
  const { a, b } = sides
  const left = await tableAt(deps, subject, a, key)
  await session.run(`CREATE OR REPLACE TEMP TABLE at_a AS SELECT * FROM (${left.sql}) WHERE _status <> 'DELETED'`)
  const right = await tableAt(deps, subject, b, key)
  await session.run(`CREATE OR REPLACE TEMP TABLE at_b AS SELECT * FROM (${right.sql}) WHERE _status <> 'DELETED'`)
  requireSameKeys(left.keys, right.keys)
  const bounds = boundedPage(page, 2 * Math.max(left.values.length, right.values.length))
  const found = await differencesOf(session, left, right, bySeqOf([left, right]), bounds)
  const { added, removed, changed, same } = found.counts
  const rows = found.rows.flatMap((row) => [row.a, row.b]).filter((row) => row !== null)
  const named = namedIn(rows, [...left.snapshots, ...right.snapshots])
  return {
    a: sideOf(a, same + changed + removed, left.note),
    b: sideOf(b, same + changed + added, right.note),
    ...found,
    ...(await readOf(lake, named, [...left.reads, ...right.reads])),
    next_page_token: nextOffset(bounds, added + removed + changed),
  }
}

async function ofEntity(
  deps: TimeDeps,
  subject: Extract<Subject, { kind: 'entities' }>,
  { a, b }: Sides,
  key: string,
  page: Page,
): Promise<Differences> {
  const [left, right] = [await entityAt(deps, subject, a, key), await entityAt(deps, subject, b, key)]
  const found = entityDifferences(left.rows, right.rows)
  return {
    a: sideOf(a, left.rows.length, null),
    b: sideOf(b, right.rows.length, null),
    ...found,
    rows: found.rows.slice(page.offset, page.offset + page.limit),
    ...(await readOf(deps.lake, [...left.snapshots, ...right.snapshots])),
    next_page_token: nextOffset(page, found.rows.length),
  }
}

function sideOf({ validAt, knownAt }: Setting, rows: number, note: string | null): DifferencesAnswer['a'] {
  return { valid_at: validAt, known_at: knownAt, row_count: rows, note }
}

/** A source whose key is another one since: rows cannot be told to be the same. */
function requireSameKeys(a: readonly { name: string; type: string }[], b: typeof a): void {
  const text = (keys: typeof a) => keys.map((key) => `${key.name} ${key.type}`).join(', ')
  if (text(a) === text(b)) return
  const says = `rows of the two settings are named by different keys (${text(a)}; ${text(b)}) and cannot be compared`
  throw new PlatformError('conflict', says)
}
