import { useQuery } from '@tanstack/react-query'
import type { ColumnsAnswer, ViewState } from '../../../src/wire/runs.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Select } from '../../ui/choices.tsx'
import { Switch } from '../../ui/fields.tsx'
import { useWords } from '../../words/words.tsx'
import { ColumnsDialog } from './columns-dialog.tsx'
import type { TableColumn, TableSearch } from './table-state.ts'
import type { Change } from './use-table.ts'
import { ViewsDialog } from './views-dialog.tsx'

const NONE = '-'

/** How the runs are looked at, beside the filter. */
export function TableTools({
  experimentId,
  search,
  columns,
  state,
  change,
  setColumns,
}: {
  experimentId: string
  search: TableSearch
  columns: TableColumn[]
  state: ViewState
  change: Change
  setColumns: (columns: TableColumn[]) => void
}) {
  const w = useWords().experiments
  const { stage, group, nested, differences, transposed } = search
  return (
    <>
      <ColumnsDialog
        {...{ experimentId, columns }}
        onChange={setColumns}
        onUsual={() => change({ columns: undefined })}
      />
      <ViewsDialog {...{ experimentId, state }} current={search.view} onSaved={(view) => change({ view })} />
      <GroupSelect {...{ experimentId, group }} onChange={(next) => change({ group: next })} />
      <Select
        label={w.stage}
        labelUnseen
        options={(['active', 'deleted', 'all'] as const).map((id) => ({ id, name: w.stages[id] }))}
        value={stage ?? 'active'}
        onChange={(id) => change({ stage: id === 'active' ? undefined : (id as 'deleted' | 'all'), runs: undefined })}
      />
      <Switch
        isSelected={nested ?? false}
        isDisabled={group !== undefined}
        onChange={(on) => change({ nested: on || undefined })}
      >
        {w.nested}
      </Switch>
      <Switch isSelected={differences ?? false} onChange={(on) => change({ differences: on || undefined })}>
        {w.differences}
      </Switch>
      <Switch
        isSelected={transposed ?? false}
        isDisabled={group !== undefined}
        onChange={(on) => change({ transposed: on || undefined })}
      >
        {w.transposed}
      </Switch>
    </>
  )
}

function GroupSelect({
  experimentId,
  group,
  onChange,
}: {
  experimentId: string
  group: string | undefined
  onChange: (group: string | undefined) => void
}) {
  const w = useWords().experiments
  const recent = useQuery({
    queryKey: ['columns', experimentId, 'recent'],
    queryFn: ({ signal }) =>
      get<ColumnsAnswer>(paths.experimentColumns(experimentId, { recent: true, limit: 100 }), signal),
    staleTime: 60_000,
  })
  const texts = (recent.data?.columns ?? [])
    .map(({ column }) => column)
    .filter((column) => /^(params|tags)\./.test(column))
  const all = [...new Set([...(group ? [group] : []), 'attributes.status', 'attributes.user_id', ...texts])]
  const options = all.map((column) => {
    const [kind, key] = [column.slice(0, column.indexOf('.')), column.slice(column.indexOf('.') + 1)]
    return {
      id: column,
      name: kind === 'attributes' ? w.attributes[key as 'status'] : key,
      about: w.kinds[kind as 'params'],
    }
  })
  return (
    <Select
      label={w.group}
      labelUnseen
      options={[{ id: NONE, name: w.noGroup }, ...options]}
      value={group ?? NONE}
      onChange={(id) => onChange(id === NONE ? undefined : id)}
    />
  )
}
