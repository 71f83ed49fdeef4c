import type { RowsAnswer, TimeRow } from '../../../src/wire/time.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { momentText, numberText } from '../../ui/format.ts'
import { Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { useLanguage } from '../../words/words.tsx'
import { shortMoment } from './axis.ts'
import { isNumber, typesOf } from './cell-text.ts'
import { Cell, SnapshotLink } from './cells.tsx'

type Placed = { n: number; row: TimeRow; types: string[] }

/** The rows at a setting: each with the moment that it describes and the snapshot that it comes from. */
export function RowsTable({ answer }: { answer: RowsAnswer }) {
  const { words, language } = useLanguage()
  const w = words.time
  const { columns, rows, left_out: left } = answer
  const number = (n: number) => numberText(n, language)
  const notes = [
    answer.note,
    left.deleted > 0 ? w.deleted(number(left.deleted)) : null,
    left.unnamed > 0 ? w.unnamed(number(left.unnamed)) : null,
  ].filter((note) => note !== null)
  const placed = rows.map((row, n): Placed => ({ n, row, types: typesOf(columns, row.values) }))
  const plain = rows.every((row) => row.status === 'PRESENT')
  const [first] = rows
  // Of a whole state all rows say the same: that stands above them, once.
  const one = first && rows.every((row) => row.snapshot === first.snapshot && row.event_time === first.event_time)
  const origins: Column<Placed>[] = [
    {
      id: ' describes',
      name: w.describes,
      cell: ({ row }) =>
        row.event_time === null ? (
          <span className="quiet">–</span>
        ) : (
          <span className="time-when">{momentText(row.event_time)}</span>
        ),
    },
    {
      id: ' snapshot',
      name: w.snapshot,
      cell: ({ row }) =>
        row.snapshot === null ? <span className="quiet">–</span> : <SnapshotLink id={row.snapshot} />,
    },
  ]
  const shown: Column<Placed>[] = [
    ...columns.map((column, i) => ({
      id: `${i} ${column.name}`,
      name: column.name,
      number: isNumber(column.type),
      cell: ({ row, types }: Placed) =>
        column.key ? (
          <b>
            <Cell type={types[i] ?? 'String'} value={row.values[i] ?? null} />
          </b>
        ) : (
          <Cell type={types[i] ?? 'String'} value={row.values[i] ?? null} />
        ),
    })),
    ...(plain ? [] : [{ id: ' status', name: w.status, cell: ({ row }: Placed) => <RowStatus of={row.status} /> }]),
    ...(one ? [] : origins),
  ]
  return (
    <>
      {one && first.snapshot !== null && <Origin answer={answer} id={first.snapshot} />}
      {notes.length > 0 && <p className="quiet small">{notes.join(' · ')}</p>}
      {rows.length === 0 ? (
        <Empty title={w.noRows} what={w.noRowsWhat} />
      ) : (
        <Table label={w.table} columns={shown} rows={placed} keyOf={(row) => row.n} />
      )}
    </>
  )
}

/** Where all rows come from: the snapshot with its times, and what has become of it since. */
function Origin({ answer, id }: { answer: RowsAnswer; id: string }) {
  const { words } = useLanguage()
  const w = words.time
  const snapshot = answer.reads.find((read) => read.snapshot.id === id)?.snapshot
  if (snapshot === undefined) return null
  return (
    <p className="time-origin">
      <SnapshotLink id={id} />
      <span>
        {w.describes.toLowerCase()} <b>{momentText(snapshot.valid_at)}</b>
      </span>
      <span title={snapshot.recorded_at}>{w.recorded(shortMoment(snapshot.recorded_at))}</span>
      {snapshot.withdrawn_at !== null && <Badge tone="bad">{w.withdrawn(shortMoment(snapshot.withdrawn_at))}</Badge>}
      {snapshot.redacted && <Badge tone="warn">{w.redacted}</Badge>}
    </p>
  )
}

const TONES: Record<TimeRow['status'], Tone> = {
  PRESENT: 'good',
  NULL_VALUE: 'neutral',
  NOT_FOUND: 'neutral',
  OUTSIDE_MAX_AGE: 'warn',
  DELETED: 'bad',
}

export function RowStatus({ of }: { of: TimeRow['status'] }) {
  const { words } = useLanguage()
  return <Badge tone={TONES[of]}>{words.time.statuses[of]}</Badge>
}
