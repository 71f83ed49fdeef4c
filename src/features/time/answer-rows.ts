import { nextOffset } from '../../wire/page.ts'
import type { RowsAnswer } from '../../wire/time.ts'
import { ENTITY_COLUMNS, entityAt, requireKey } from './entity-at.ts'
import { boundedPage, type Page } from './pages.ts'
import { answeredColumns, answeredRow, bySeqOf, countRows } from './read-rows.ts'
import { namedIn, readOf } from './reads.ts'
import type { Subject } from './subject.ts'
import type { TimeDeps } from './table.ts'
import { columnsOf, tableAt } from './table-at.ts'
import type { Setting } from './view-at.ts'

type Rows = Omit<RowsAnswer, 'of' | 'valid_at' | 'known_at' | 'mode' | 'command'>

/** A page of the rows at a setting, with where they come from. */
export async function answerRows(
  deps: TimeDeps,
  subject: Subject,
  setting: Setting,
  key: string | null,
  page: Page,
): Promise<Rows> {
  const { lake, session } = deps
  if (subject.kind === 'entities') {
    const { rows, snapshots } = await entityAt(deps, subject, setting, requireKey(key, subject))
    return {
      columns: ENTITY_COLUMNS,
      row_count: rows.length,
      left_out: { deleted: 0, unnamed: 0 },
      rows: rows.slice(page.offset, page.offset + page.limit),
      ...(await readOf(lake, snapshots)),
      note: null,
      next_page_token: nextOffset(page, rows.length),
    }
  }
  const table = await tableAt(deps, subject, setting, key)
  const width = table.keys.length + table.values.length
  const bounds = boundedPage(page, width)
  const { rows: count, deleted } = await countRows(session, table.sql)
  const order = table.order.length > 0 ? `ORDER BY ${table.order.join(', ')}` : ''
  const found = await session.rows<Record<string, unknown>>(
    `SELECT ${answeredColumns(table).join(', ')} FROM (${table.sql}) WHERE _status <> 'DELETED' ${order}
     LIMIT ${bounds.limit} OFFSET ${bounds.offset}`,
  )
  const bySeq = bySeqOf([table])
  const rows = found.map((row) => answeredRow(row, width, bySeq))
  return {
    columns: columnsOf(table),
    row_count: count,
    left_out: { deleted, unnamed: table.fileRows === null ? 0 : table.fileRows - count },
    rows,
    ...(await readOf(lake, namedIn(rows, table.snapshots), table.reads)),
    note: table.note ?? (count === 0 && key !== null ? 'this key is not known there' : null),
    next_page_token: nextOffset(bounds, count),
  }
}
