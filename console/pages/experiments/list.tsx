import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { ExperimentJson, ExperimentsAnswer } from '../../../src/wire/runs.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Badge, Status } from '../../ui/badge.tsx'
import { Select } from '../../ui/choices.tsx'
import { TextField } from '../../ui/fields.tsx'
import { More } from '../../ui/more.tsx'
import { Num } from '../../ui/num.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import './experiments.css'

/** All experiments, the newest first, with what their runs do. */
export function Page() {
  const w = useWords().experiments
  const { contains, stage } = useSearch({ from: '/experiments' })
  const navigate = useNavigate({ from: '/experiments' })
  const columns = useColumns()
  const list = useInfiniteQuery({
    queryKey: ['experiments', contains ?? '', stage ?? 'active'],
    queryFn: ({ signal, pageParam }) =>
      get<ExperimentsAnswer>(paths.experiments({ contains, stage, page_token: pageParam }), signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_page_token ?? undefined,
    placeholderData: keepPreviousData,
  })
  return (
    <Frame title={w.title}>
      <div className="row experiments-tools">
        <TextField
          label={w.find}
          labelUnseen
          placeholder={w.find}
          value={contains ?? ''}
          onChange={(text) =>
            void navigate({ search: (was) => ({ ...was, contains: text || undefined }), replace: true })
          }
        />
        <Select
          label={w.stage}
          labelUnseen
          options={[
            { id: 'active', name: w.stages.active },
            { id: 'deleted', name: w.stages.deleted },
            { id: 'all', name: w.stages.all },
          ]}
          value={stage ?? 'active'}
          onChange={(id) =>
            void navigate({
              search: (was) => ({ ...was, stage: id === 'active' ? undefined : (id as 'deleted' | 'all') }),
            })
          }
        />
      </div>
      <Answer of={list}>
        {({ pages }) => {
          const experiments = pages.flatMap((page) => page.experiments)
          if (experiments.length === 0) return <Empty title={w.none} what={contains ? w.noneFound : w.noneWhat} />
          return (
            <>
              <Table label={w.title} columns={columns} rows={experiments} keyOf={({ id }) => id} />
              <More of={list}>{w.more}</More>
            </>
          )
        }}
      </Answer>
    </Frame>
  )
}

function useColumns(): Column<ExperimentJson>[] {
  const w = useWords().experiments
  return [
    {
      id: 'name',
      name: w.name,
      cell: ({ id, name, stage }) => (
        <>
          <Link to="/experiments/$experimentId" params={{ experimentId: id }}>
            {name}
          </Link>{' '}
          {stage === 'deleted' && <Badge tone="warn">{w.stages.deleted}</Badge>}
        </>
      ),
    },
    { id: 'runs', name: w.runs, number: true, cell: ({ runs }) => <Num value={runs} /> },
    {
      id: 'running',
      name: w.running,
      number: true,
      cell: ({ running }) =>
        running > 0 ? (
          <Status tone="info">
            <Num value={running} />
          </Status>
        ) : (
          <Num value={0} />
        ),
    },
    { id: 'failed', name: w.failed, number: true, cell: ({ failed }) => <Num value={failed} /> },
    { id: 'last', name: w.lastRun, cell: ({ last_run_at }) => <When at={last_run_at} /> },
    { id: 'created', name: w.created, cell: ({ created_at }) => <When at={created_at} /> },
    { id: 'id', name: w.id, number: true, cell: ({ id }) => <span className="quiet">{id}</span> },
  ]
}
