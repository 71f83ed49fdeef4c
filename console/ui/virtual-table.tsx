import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useRef } from 'react'
import './virtual-table.css'

export type VirtualColumn<Row> = {
  id: string
  name: ReactNode
  width: number
  number?: boolean
  cell: (row: Row) => ReactNode
}

const ROW = 32

/**
 * A table of any number of rows and columns of which only those in sight are drawn. `rowAt` may give undefined for a row that
 * is on its way; `onSight` hears which rows are seen.
 */
export function VirtualTable<Row>({
  label,
  columns,
  count,
  rowAt,
  height = 560,
  onSight,
}: {
  label: string
  columns: readonly VirtualColumn<Row>[]
  count: number
  rowAt: (index: number) => Row | undefined
  height?: number
  onSight?: (first: number, last: number) => void
}) {
  const box = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 12,
    onChange: ({ range }) => range && onSight?.(range.startIndex, range.endIndex),
  })
  const across = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => box.current,
    estimateSize: (index) => columns[index]!.width,
    overscan: 3,
  })
  const width = across.getTotalSize()
  const seen = across.getVirtualItems()
  return (
    <div
      className="vtable"
      ref={box}
      style={{ maxHeight: height }}
      role="table"
      aria-label={label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length}
      tabIndex={0}
    >
      <div className="vtable-head" role="row" aria-rowindex={1} style={{ width }}>
        {seen.map(({ index, start, size }) => (
          <div
            key={columns[index]!.id}
            role="columnheader"
            aria-colindex={index + 1}
            className={columns[index]!.number ? 'vtable-cell num' : 'vtable-cell'}
            style={{ left: start, width: size }}
          >
            {columns[index]!.name}
          </div>
        ))}
      </div>
      <div role="rowgroup" style={{ position: 'relative', height: rows.getTotalSize(), width }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const row = rowAt(index)
          return (
            <div key={index} className="vtable-row" role="row" aria-rowindex={index + 2} style={{ top: start, width }}>
              {seen.map(({ index: at, start: left, size }) => (
                <div
                  key={columns[at]!.id}
                  role="cell"
                  aria-colindex={at + 1}
                  className={columns[at]!.number ? 'vtable-cell num' : 'vtable-cell'}
                  style={{ left, width: size }}
                >
                  {row === undefined ? <span className="vtable-wait" /> : columns[at]!.cell(row)}
                </div>
              ))}
            </div>
          )
        })}
      </div>
    </div>
  )
}
