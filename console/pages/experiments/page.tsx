import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { ColumnsAnswer, ExperimentJson } from '../../../src/wire/runs.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Badge, Status } from '../../ui/badge.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { Answer } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { RunsTable } from './runs-table.tsx'
import { cleared, readColumns, type TableSearch, usualColumns } from './table-state.ts'
import './experiments.css'

const FROM = '/experiments/$experimentId'

/** The runs of one experiment as a table. All that somebody chose is in the address. */
export function Page() {
  const w = useWords().experiments
  const { experimentId } = useParams({ from: FROM })
  const search = useSearch({ from: FROM })
  const navigate = useNavigate({ from: FROM })
  const experiment = useQuery({
    queryKey: ['experiments', 'one', experimentId],
    queryFn: ({ signal }) => get<ExperimentJson>(paths.experiment(experimentId), signal),
  })
  const recent = useQuery({
    queryKey: ['columns', experimentId, 'recent'],
    queryFn: ({ signal }) =>
      get<ColumnsAnswer>(paths.experimentColumns(experimentId, { recent: true, limit: 100 }), signal),
    enabled: search.columns === undefined,
    staleTime: 60_000,
  })
  const columns = useMemo(
    () => readColumns(search.columns ?? usualColumns(recent.data?.columns ?? [])),
    [search.columns, recent.data],
  )
  const change = (part: { [Name in keyof TableSearch]?: TableSearch[Name] | undefined }) =>
    void navigate({ search: (was) => cleared({ ...was, ...part }), replace: true })
  const name = experiment.data?.name ?? experimentId
  return (
    <Frame
      title={name}
      crumbs={[{ title: w.title, to: '/experiments' }]}
      about={
        experiment.data && (
          <>
            {experiment.data.stage === 'deleted' && <Badge tone="warn">{w.stages.deleted}</Badge>}
            {experiment.data.running > 0 && (
              <Status tone="info">{`${w.running.toLowerCase()}: ${experiment.data.running}`}</Status>
            )}
          </>
        )
      }
    >
      <Answer<unknown> of={search.columns === undefined ? recent : experiment}>
        {() => <RunsTable key={experimentId} {...{ experimentId, name, search, columns, change }} />}
      </Answer>
    </Frame>
  )
}
