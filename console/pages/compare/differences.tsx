import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { ComparedRow, ComparisonAnswer } from '../../../src/wire/comparison.ts'
import { Switch } from '../../ui/fields.tsx'
import { Num } from '../../ui/num.tsx'
import { Empty } from '../../ui/states.tsx'
import { type VirtualColumn, VirtualTable } from '../../ui/virtual-table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import type { ChangeSearch } from './page.tsx'
import type { CompareSearch } from './routes.tsx'

type Row = { id: string; kind: string; name: string; cell: (run: number) => React.ReactNode }

/** A row for each name that differs, a column for each run: of a hundred runs only those in sight are drawn. */
export function Differences({
  data,
  search,
  onChange,
}: {
  data: ComparisonAnswer
  search: CompareSearch
  onChange: ChangeSearch
}) {
  const words = useWords()
  const w = words.compare
  const { same } = data
  const rows = useMemo<Row[]>(() => {
    const of = (kind: string, list: readonly ComparedRow[]) =>
      list.map((row) => ({
        id: `${kind}.${row.key}`,
        kind,
        name: row.key,
        cell: (run: number) => cellOf(row.values[run]),
      }))
    const { runs } = data
    return [
      { id: 'state', kind: '', name: w.state, cell: (at) => words.run.states[runs[at]!.status] ?? runs[at]!.status },
      { id: 'started', kind: '', name: w.started, cell: (at) => <When at={runs[at]!.started_at} /> },
      ...of(w.params, data.params),
      ...of(w.metrics, data.metrics),
      ...of(w.tags, data.tags),
    ]
  }, [data, w, words])
  const columns = useMemo<VirtualColumn<Row>[]>(
    () => [
      {
        id: 'name',
        name: w.name,
        width: 250,
        cell: ({ kind, name }) => (
          <span title={name}>
            {name} <span className="quiet small">{kind}</span>
          </span>
        ),
      },
      ...data.runs.map(({ id, name, experiment }, at) => ({
        id,
        name: (
          <Link
            to="/experiments/$experimentId/runs/$runId"
            params={{ experimentId: experiment, runId: id }}
            title={name}
          >
            {name}
          </Link>
        ),
        width: 150,
        cell: ({ cell }: Row) => cell(at),
      })),
    ],
    [data, w],
  )
  return (
    <>
      <div className="compare-choices">
        <Switch isSelected={search.all ?? false} onChange={(on) => onChange({ all: on || undefined } as CompareSearch)}>
          {w.all}
        </Switch>
        <span className="quiet">{w.same(same.params, same.metrics, same.tags)}</span>
      </div>
      {data.params.length + data.metrics.length + data.tags.length === 0 && <Empty title={w.nothing} />}
      <VirtualTable label={w.table} columns={columns} count={rows.length} rowAt={(at) => rows[at]} />
    </>
  )
}

function cellOf(value: ComparedRow['values'][number] | undefined): React.ReactNode {
  if (value === null || value === undefined) return <span className="quiet">–</span>
  return typeof value === 'number' ? <Num value={value} /> : <span title={value}>{value}</span>
}
