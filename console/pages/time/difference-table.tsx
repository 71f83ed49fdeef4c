import type { DifferencesAnswer, TimeColumn } from '../../../src/wire/time.ts'
import { Badge } from '../../ui/badge.tsx'
import { numberText } from '../../ui/format.ts'
import { Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { useLanguage } from '../../words/words.tsx'
import { differingFirst, isNumber, typesOf } from './cell-text.ts'
import { Cell, SnapshotLink } from './cells.tsx'
import { RowStatus } from './rows-table.tsx'

type Placed = DifferencesAnswer['rows'][number] & { n: number; types: string[] }

/** What differs from A to B: how much in numbers first, then row by row, with both values of each cell that differs. */
export function DifferenceTable({ answer }: { answer: DifferencesAnswer }) {
  const { words, language } = useLanguage()
  const w = words.time
  const { counts, columns, rows } = answer
  const order = differingFirst(columns, counts.by_column)
  const number = (n: number) => numberText(n, language)
  const placed = rows.map((row, n): Placed => ({ ...row, n, types: typesOf(columns, (row.b ?? row.a)?.values ?? []) }))
  const pairs = new Set(rows.map((row) => `${row.a?.snapshot ?? ''} ${row.b?.snapshot ?? ''}`))
  const [first] = rows
  // Between two whole states all rows say the same.
  const one = pairs.size === 1 && first?.a?.snapshot && first.b?.snapshot ? [first.a.snapshot, first.b.snapshot] : null
  const most = Math.max(1, ...counts.by_column.map((one) => one.cells))
  return (
    <>
      <div className="row">
        <Badge tone={counts.changed > 0 ? 'warn' : 'neutral'}>{w.changed(number(counts.changed))}</Badge>
        <Badge tone={counts.added > 0 ? 'good' : 'neutral'}>{w.added(number(counts.added))}</Badge>
        <Badge tone={counts.removed > 0 ? 'bad' : 'neutral'}>{w.removed(number(counts.removed))}</Badge>
        <Badge>{w.same(number(counts.same))}</Badge>
        <span className="quiet small">{w.cells(number(counts.cells))}</span>
      </div>
      {[answer.a.note, answer.b.note].map((note, i) =>
        note === null ? null : (
          <p key={i === 0 ? 'a' : 'b'} className="quiet small">
            {i === 0 ? w.a : w.b}: {note}
          </p>
        ),
      )}
      {one && (
        <p className="time-origin">
          {[w.a, w.b].map((side, i) => (
            <span key={side}>
              <b>{side}</b> <SnapshotLink id={one[i] ?? ''} />
            </span>
          ))}
        </p>
      )}
      {counts.by_column.length > 0 && (
        <ul className="time-by-column">
          {counts.by_column.map(({ name, cells }) => (
            <li key={name}>
              <span className="one-line">{name}</span>
              <span className="time-bar" aria-hidden="true">
                <span style={{ width: `${(100 * cells) / most}%` }} />
              </span>
              <span className="num">{number(cells)}</span>
            </li>
          ))}
        </ul>
      )}
      {rows.length === 0 ? (
        <Empty title={w.noDifference} what={w.noDifferenceWhat} />
      ) : (
        <Table
          label={w.differences}
          columns={one ? columnsOf(columns, order, w).slice(0, -1) : columnsOf(columns, order, w)}
          rows={placed}
          keyOf={(row) => row.n}
          rowTone={(row) => (row.difference === 'changed' ? undefined : row.difference)}
        />
      )}
    </>
  )
}

function columnsOf(
  columns: readonly TimeColumn[],
  order: readonly number[],
  w: ReturnType<typeof useLanguage>['words']['time'],
): Column<Placed>[] {
  const said = { added: w.addedRow, removed: w.removedRow, changed: w.changedRow }
  return [
    { id: ' kind', name: w.difference, cell: (row) => said[row.difference] },
    ...order.map((i) => ({
      id: `${i} ${columns[i]!.name}`,
      name: titleOf(columns[i]!, w),
      number: isNumber(columns[i]!.type),
      cell: (row: Placed) => <Both row={row} at={i} column={columns[i]!} />,
    })),
    {
      id: ' snapshot',
      name: w.snapshot,
      cell: ({ a, b }) => (
        <span className="time-both">
          {a?.snapshot && <SnapshotLink id={a.snapshot} />}
          {b?.snapshot && b.snapshot !== a?.snapshot && <SnapshotLink id={b.snapshot} />}
        </span>
      ),
    },
  ]
}

function titleOf(column: TimeColumn, w: ReturnType<typeof useLanguage>['words']['time']): string {
  return column.in === 'both' ? column.name : `${column.name} (${column.in === 'a' ? w.a : w.b})`
}

function Both({ row, at, column }: { row: Placed; at: number; column: TimeColumn }) {
  const w = useLanguage().words.time
  const type = row.types[at] ?? 'String'
  const [a, b] = [row.a?.values[at] ?? null, row.b?.values[at] ?? null]
  if (row.difference === 'changed' && row.changed.includes(column.name)) {
    return (
      <span className="time-both changed">
        <del>
          <span className="unseen">{w.old} </span>
          <Cell type={type} value={a} />
        </del>
        <ins>
          <span className="unseen">{w.now} </span>
          <Cell type={type} value={b} />
        </ins>
        {row.a?.status !== row.b?.status && row.b && <RowStatus of={row.b.status} />}
      </span>
    )
  }
  return <Cell type={type} value={row.b === null ? a : b} />
}
