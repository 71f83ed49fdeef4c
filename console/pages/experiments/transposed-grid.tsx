import { useMemo } from 'react'
import type { RunsAnswer } from '../../../src/wire/runs.ts'
import { useLanguage, useWords } from '../../words/words.tsx'
import { cellOf } from './cells.ts'
import { attributeName } from './column-head.tsx'
import { RunCell } from './run-cell.tsx'
import { type GridColumn, type GridRow, RunsGrid } from './runs-grid.tsx'
import type { TableColumn } from './table-state.ts'

const WIDTH = 150

/** The first runs side by side: what are columns elsewhere are rows here. */
export function TransposedGrid({
  experimentId,
  label,
  page,
  columns,
}: {
  experimentId: string
  label: string
  page: RunsAnswer
  columns: readonly TableColumn[]
}) {
  const w = useWords().experiments
  const { language } = useLanguage()
  const runs = useMemo<GridColumn[]>(
    () =>
      page.run_ids.map((id, at) => ({
        id,
        width: WIDTH,
        number: true,
        sorted: 'none',
        head: (
          <a className="rgrid-runhead" href={`#/experiments/${experimentId}/runs/${id}`}>
            {String(cellOf({ page, at }, 'attributes.run_name') ?? id)}
          </a>
        ),
      })),
    [page, experimentId],
  )
  const rows = useMemo(() => {
    const places = new Map(page.run_ids.map((id, at) => [id, at]))
    return columns.map(({ column }): GridRow => {
      const [kind, key] = [column.slice(0, column.indexOf('.')), column.slice(column.indexOf('.') + 1)]
      return {
        key: column,
        lead: () => (
          <>
            <span className="rgrid-name" title={key}>
              {kind === 'attributes' ? attributeName(key, w) : key}
            </span>
            <span className="quiet small">{w.kinds[kind as 'params']}</span>
          </>
        ),
        cell: (run) => (
          <RunCell column={column} value={cellOf({ page, at: places.get(run)! }, column)} language={language} />
        ),
      }
    })
  }, [page, columns, language, w])
  return (
    <RunsGrid
      label={label}
      columns={runs}
      count={rows.length}
      rowAt={(index) => rows[index]}
      lead={<span className="rhead-key">{w.firstRuns(page.run_ids.length)}</span>}
      onSight={ignore}
      isOld={false}
    />
  )
}

function ignore(): void {}
