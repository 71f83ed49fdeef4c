import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ColumnsAnswer, RUN_ATTRIBUTES } from '../../../src/wire/runs.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Checkbox, TextField } from '../../ui/fields.tsx'
import { Answer } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { attributeName } from './column-head.tsx'
import { bestOf, moved, readColumns, type TableColumn } from './table-state.ts'

const ATTRIBUTES: (typeof RUN_ATTRIBUTES)[number][] = [
  'status',
  'start_time',
  'end_time',
  'duration',
  'user_id',
  'lifecycle_stage',
  'parent',
  'children',
]
const NAMES = 100

/** Which columns are shown, and in which order: from however many names there are. */
export function ColumnsDialog({
  experimentId,
  columns,
  onChange,
  onUsual,
}: {
  experimentId: string
  columns: readonly TableColumn[]
  onChange: (columns: TableColumn[]) => void
  onUsual: () => void
}) {
  const w = useWords().experiments
  return (
    <Dialog title={w.columnsTitle} wide trigger={<Button>{`${w.columns} · ${columns.length}`}</Button>}>
      {(close) => (
        <>
          <div className="columns-dialog">
            <Offered {...{ experimentId, columns, onChange }} />
            <Chosen {...{ columns, onChange }} />
          </div>
          <DialogActions>
            <Button
              onPress={() => {
                onUsual()
                close()
              }}
            >
              {w.usual}
            </Button>
            <Button look="main" onPress={close}>
              {w.done}
            </Button>
          </DialogActions>
        </>
      )}
    </Dialog>
  )
}

type Parts = { columns: readonly TableColumn[]; onChange: (columns: TableColumn[]) => void }

function Offered({ experimentId, columns, onChange }: Parts & { experimentId: string }) {
  const w = useWords().experiments
  const [contains, setContains] = useState('')
  const names = useQuery({
    queryKey: ['columns', experimentId, 'all', contains],
    queryFn: ({ signal }) =>
      get<ColumnsAnswer>(paths.experimentColumns(experimentId, { contains, limit: NAMES }), signal),
    staleTime: 60_000,
    placeholderData: (was) => was,
  })
  const isShown = (column: string) => columns.some((one) => one.column === column)
  const set = (column: string, on: boolean) =>
    onChange(on ? [...columns, ...readColumns([column])] : columns.filter((one) => one.column !== column))
  const box = (column: string, name: string) => (
    <Checkbox key={column} isSelected={isShown(column)} onChange={(on) => set(column, on)}>
      <span className="columns-name">{name}</span>
    </Checkbox>
  )
  const attributes = ATTRIBUTES.filter((key) => attributeName(key, w).includes(contains.toLowerCase()))
  return (
    <div className="columns-offered">
      <TextField label={w.columnsFind} value={contains} onChange={setContains} autoFocus />
      <div className="columns-list">
        {attributes.map((key) => box(`attributes.${key}`, `${w.kinds.attributes} · ${attributeName(key, w)}`))}
        <Answer of={names}>
          {({ columns: found, totals, next_page_token }) => (
            <>
              {found.map(({ column }) => {
                const [kind, key] = [column.slice(0, column.indexOf('.')), column.slice(column.indexOf('.') + 1)]
                if (kind !== 'metrics') return box(column, `${w.kinds[kind as 'params']} · ${key}`)
                const best = bestOf(key)
                return (
                  <div key={column} className="columns-metric">
                    <span className="columns-name">{key}</span>
                    {(['metrics', 'min', 'max'] as const).map((one) => (
                      <Checkbox
                        key={one}
                        isSelected={isShown(`${one}.${key}`)}
                        onChange={(on) => set(`${one}.${key}`, on)}
                        aria-label={`${key}: ${w.extents[one]}`}
                      >
                        <span
                          title={one === best ? w.best : undefined}
                          className={one === best ? 'columns-best' : undefined}
                        >
                          {w.extents[one]}
                        </span>
                      </Checkbox>
                    ))}
                  </div>
                )
              })}
              {next_page_token !== null && <p className="quiet small">{w.columnsMore}</p>}
              <p className="quiet small">{w.columnsTotal(totals.metrics ?? 0, totals.params ?? 0, totals.tags ?? 0)}</p>
            </>
          )}
        </Answer>
      </div>
    </div>
  )
}

function Chosen({ columns, onChange }: Parts) {
  const w = useWords().experiments
  return (
    <div className="columns-chosen">
      <p className="field-label">{w.columnsShown}</p>
      <ol className="columns-list">
        {columns.map(({ column }, at) => {
          const [kind, key] = [column.slice(0, column.indexOf('.')), column.slice(column.indexOf('.') + 1)]
          const name = kind === 'attributes' ? attributeName(key, w) : key
          return (
            <li key={column} className="columns-one">
              <span className="columns-name">
                {name} <span className="quiet small">{w.kinds[kind as 'params']}</span>
              </span>
              <Button
                small
                look="quiet"
                aria-label={w.up(name)}
                isDisabled={at === 0}
                onPress={() => onChange(moved(columns, at, at - 1))}
              >
                ↑
              </Button>
              <Button
                small
                look="quiet"
                aria-label={w.remove(name)}
                onPress={() => onChange(columns.filter((_, i) => i !== at))}
              >
                ×
              </Button>
            </li>
          )
        })}
      </ol>
    </div>
  )
}
