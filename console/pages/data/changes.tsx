import type { DifferenceAnswer } from '../../../src/wire/snapshots.ts'
import { Badge } from '../../ui/badge.tsx'
import { Select } from '../../ui/choices.tsx'
import { Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { useWords } from '../../words/words.tsx'
import { Cell } from './cell.tsx'
import { PageButtons } from './page-buttons.tsx'

type Change = DifferenceAnswer['changes'][number]
type Kind = Change['kind']

const TONES = { added: 'good', removed: 'bad', changed: 'warn' } as const
const ALL = ' '

/** The rows that differ: of a changed one each cell as it was and as it is, of another what it has. */
export function ChangeTable({
  of,
  kind,
  column,
  page,
  limit,
  onKind,
  onColumn,
  onPage,
}: {
  of: DifferenceAnswer
  kind: Kind | undefined
  column: string | undefined
  page: string | undefined
  limit: number
  onKind: (kind: Kind | undefined) => void
  onColumn: (name: string | undefined) => void
  onPage: (token: string | undefined) => void
}) {
  const w = useWords().data
  const kinds: { id: string; name: string }[] = [
    { id: ALL, name: w.allKinds },
    ...(['added', 'removed', 'changed'] as const).map((id) => ({ id, name: w[id] })),
  ]
  return (
    <>
      <div className="row data-choice">
        <Select
          label={w.show}
          options={kinds}
          value={kind ?? ALL}
          onChange={(id) => onKind(id === ALL ? undefined : (id as Kind))}
        />
        {of.cells.length > 0 && (
          <Select
            label={w.column}
            options={[{ id: ALL, name: w.anyColumn }, ...of.cells.map((one) => ({ id: one.column, name: one.column }))]}
            value={column ?? ALL}
            onChange={(id) => onColumn(id === ALL ? undefined : id)}
          />
        )}
      </div>
      {of.changes.length === 0 ? (
        <Empty title={w.noChanges} />
      ) : (
        <Table
          label={w.rows}
          columns={columnsOf(of, w)}
          rows={of.changes.map((change, at) => ({ ...change, at }))}
          keyOf={(change) => change.at}
        />
      )}
      {(Number(page ?? 0) > 0 || of.next_page_token !== null) && (
        <PageButtons page={page} limit={limit} next={of.next_page_token} onPage={onPage} />
      )}
    </>
  )
}

type Shown = Change & { at: number }

/** The key first, then the columns in which most of these rows differ; of rows that came or went also the rest. */
function columnsOf(of: DifferenceAnswer, w: ReturnType<typeof useWords>['data']): Column<Shown>[] {
  const names = [...new Set([...of.cells, ...of.changes.flatMap((change) => change.cells)].map((one) => one.column))]
  const here = names.filter((name) => of.changes.some((change) => change.cells.some((cell) => cell.column === name)))
  const keys = (of.key ?? []).map((name, i): Column<Shown> => {
    return { id: `key ${name}`, name, cell: ({ key }) => <Cell text={key?.[i]} /> }
  })
  return [
    {
      id: 'kind',
      name: w.change,
      cell: ({ kind, times }) => (
        <span className="data-kind">
          <Badge tone={TONES[kind]}>{w[kind]}</Badge>
          {times > 1 && <span className="quiet small"> {w.times(times)}</span>}
        </span>
      ),
    },
    ...keys,
    ...here.map((name): Column<Shown> => ({ id: name, name, cell: (change) => <Changed of={change} name={name} /> })),
  ]
}

function Changed({ of, name }: { of: Change; name: string }) {
  const cell = of.cells.find(({ column }) => column === name)
  if (!cell) return null
  return (
    <span className="data-change">
      {'from' in cell && (
        <del>
          <Cell text={cell.from} />
        </del>
      )}
      {'to' in cell && (
        <ins>
          <Cell text={cell.to} />
        </ins>
      )}
    </span>
  )
}
