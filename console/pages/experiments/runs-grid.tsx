import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, type ReactNode, useEffect, useRef } from 'react'
import './runs-grid.css'

export type GridColumn = {
  id: string
  width: number
  number: boolean
  head: ReactNode
  sorted: 'ascending' | 'descending' | 'none'
}

/** What stands in one row. The same object as long as nothing of it changes: then the row is not drawn again. */
export type GridRow = { key: string; lead: () => ReactNode; cell: (column: string) => ReactNode; tone?: string }

const ROW = 32
const LEAD = 250
const NARROW_LEAD = 150

/** A table of any number of rows and columns of which those in sight are drawn. The first column stays where it is. */
export function RunsGrid({
  label,
  columns,
  count,
  rowAt,
  lead,
  onSight,
  isOld,
}: {
  label: string
  columns: readonly GridColumn[]
  count: number
  rowAt: (index: number) => GridRow | undefined
  lead: ReactNode
  onSight: (first: number, last: number) => void
  isOld: boolean
}) {
  const box = useRef<HTMLDivElement>(null)
  const leadWidth = window.innerWidth < 700 ? NARROW_LEAD : LEAD
  const rows = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 8,
    useFlushSync: false,
    onChange: ({ range }) => range && onSight(range.startIndex, range.endIndex),
  })
  const across = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => box.current,
    estimateSize: (index) => columns[index]!.width,
    paddingStart: leadWidth,
    overscan: 2,
    useFlushSync: false,
  })
  const widths = columns.map(({ width }) => width).join()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the sizes are asked for again when they are others
  useEffect(() => across.measure(), [widths, leadWidth])
  const width = across.getTotalSize()
  const items = across.getVirtualItems()
  const first = items[0]?.index ?? 0
  const end = (items.at(-1)?.index ?? -1) + 1
  const before = (items[0]?.start ?? leadWidth) - leadWidth
  const seen = useSame(columns.slice(first, end))
  return (
    <div
      className="rgrid"
      ref={box}
      role="table"
      aria-label={label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length + 1}
      aria-busy={isOld}
      data-old={isOld || undefined}
      tabIndex={0}
    >
      <div className="rgrid-row rgrid-head" role="row" aria-rowindex={1} style={{ width }}>
        <div className="rgrid-lead" role="columnheader" aria-colindex={1} style={{ width: leadWidth }}>
          {lead}
        </div>
        <div style={{ flex: `0 0 ${before}px` }} />
        {seen.map((column, at) => (
          <div
            key={column.id}
            role="columnheader"
            aria-colindex={first + at + 2}
            aria-sort={column.sorted === 'none' ? undefined : column.sorted}
            className={column.number ? 'rgrid-cell rgrid-th num' : 'rgrid-cell rgrid-th'}
            style={{ flex: `0 0 ${column.width}px` }}
          >
            {column.head}
          </div>
        ))}
      </div>
      <div className="rgrid-body" role="rowgroup" style={{ height: rows.getTotalSize(), width }}>
        {rows.getVirtualItems().map(({ index, start }) => (
          <Row key={index} {...{ index, start, width, leadWidth, before, columns: seen, first, row: rowAt(index) }} />
        ))}
      </div>
    </div>
  )
}

type RowProps = {
  index: number
  start: number
  width: number
  leadWidth: number
  before: number
  first: number
  columns: readonly GridColumn[]
  row: GridRow | undefined
}

const Row = memo(function Row({ index, start, width, leadWidth, before, columns, first, row }: RowProps) {
  return (
    <div
      className="rgrid-row"
      role="row"
      aria-rowindex={index + 2}
      data-tone={row?.tone}
      style={{ transform: `translateY(${start}px)`, width }}
    >
      <div className="rgrid-lead" role="rowheader" aria-colindex={1} style={{ width: leadWidth }}>
        {row === undefined ? <span className="rgrid-wait" /> : row.lead()}
      </div>
      <div style={{ flex: `0 0 ${before}px` }} />
      {columns.map((column, at) => (
        <div
          key={column.id}
          role="cell"
          aria-colindex={first + at + 2}
          className={column.number ? 'rgrid-cell num' : 'rgrid-cell'}
          style={{ flex: `0 0 ${column.width}px` }}
        >
          {row === undefined ? <span className="rgrid-wait" /> : row.cell(column.id)}
        </div>
      ))}
    </div>
  )
})

/** The list of before where it has the same members: rows are then not drawn again. */
function useSame<Value>(list: readonly Value[]): readonly Value[] {
  const kept = useRef(list)
  const was = kept.current
  if (was.length !== list.length || was.some((one, at) => one !== list[at])) kept.current = list
  return kept.current
}
