import type { ReactNode } from 'react'
import { useWords } from '../words/words.tsx'
import { Button } from './button.tsx'
import './table.css'

export type Column<Row> = {
  id: string
  name: ReactNode
  /** Numbers stand at the right. */
  number?: boolean
  cell: (row: Row) => ReactNode
  /** Where the column can be sorted by. */
  sortable?: boolean
}

export type Sort = { id: string; down: boolean }

/** A table of up to some hundreds of rows; it scrolls inside of its own box. More rows: `VirtualTable`. */
export function Table<Row>({
  label,
  columns,
  rows,
  keyOf,
  sort,
  onSort,
  rowTone,
}: {
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string | number
  sort?: Sort | null
  onSort?: (sort: Sort) => void
  /** `added`, `removed`, `changed`, `chosen`. */
  rowTone?: (row: Row) => string | undefined
}) {
  const w = useWords().ui
  return (
    <div className="table-box" role="region" aria-label={label} tabIndex={0}>
      <table className="table" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                className={column.number ? 'num' : undefined}
                aria-sort={sort?.id === column.id ? (sort.down ? 'descending' : 'ascending') : undefined}
              >
                {column.sortable && onSort ? (
                  <Button
                    small
                    look="quiet"
                    onPress={() => onSort({ id: column.id, down: sort?.id === column.id ? !sort.down : false })}
                  >
                    {column.name}
                    <span aria-hidden="true">{sort?.id === column.id ? (sort.down ? '↓' : '↑') : ''}</span>
                    {sort?.id === column.id && <span className="unseen">{sort.down ? w.sortedDown : w.sortedUp}</span>}
                  </Button>
                ) : (
                  column.name
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} data-tone={rowTone?.(row)}>
              {columns.map((column) => (
                <td key={column.id} className={column.number ? 'num' : undefined}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
