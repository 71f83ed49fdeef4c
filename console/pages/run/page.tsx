import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { RunAnswer } from '../../../src/wire/run.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Badge, Status } from '../../ui/badge.tsx'
import { Copy } from '../../ui/code.tsx'
import { Duration } from '../../ui/num.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { Answer } from '../../ui/states.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { toneOf } from '../experiments/run-cell.tsx'
import { Curves } from './curves.tsx'
import { Files } from './files.tsx'
import { Logged } from './logged.tsx'
import { Origin } from './origin.tsx'
import { RUN_TABS, type RunSearch } from './routes.tsx'
import './run.css'

const route = getRouteApi('/experiments/$experimentId/runs/$runId')

export function Page() {
  const w = useWords().run
  const { experimentId, runId } = route.useParams()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const change = (next: RunSearch) =>
    void navigate({ search: (before: RunSearch) => ({ ...before, ...next }), replace: next.tab === undefined })
  const asked = useQuery({
    queryKey: ['runs', runId],
    queryFn: ({ signal }) => get<RunAnswer>(paths.run(runId), signal),
    // What a client logs has no event.
    refetchInterval: ({ state }) => (state.data?.run.status === 'RUNNING' ? 10_000 : false),
  })
  const run = asked.data?.run
  const contents = {
    overview: (data: RunAnswer) => <Logged data={data} find={search.find ?? ''} onFind={(find) => change({ find })} />,
    curves: (data: RunAnswer) => <Curves data={data} search={search} onChange={change} />,
    files: () => <Files runId={runId} search={search} onChange={change} />,
    origin: (data: RunAnswer) => <Origin data={data} />,
  }
  return (
    <Frame
      title={run ? run.name : w.title}
      crumbs={[
        { title: w.experiments, to: '/experiments' },
        { title: run?.experiment.name ?? experimentId, to: `/experiments/${experimentId}` },
      ]}
      about={
        run && (
          <>
            <Status tone={toneOf(run.status)}>{w.states[run.status] ?? run.status}</Status>
            {run.deleted && <Badge tone="bad">{w.deleted}</Badge>}
            <span>
              <When at={run.started_at} /> {run.user && w.by(run.user)}
            </span>
            {run.started_at && run.ended_at && <Duration ms={Date.parse(run.ended_at) - Date.parse(run.started_at)} />}
            <span className="run-id">
              <code>{run.id}</code> <Copy text={run.id} />
            </span>
          </>
        )
      }
    >
      <Answer of={asked}>
        {(data) => (
          <Tabs
            label={w.tabs}
            chosen={search.tab ?? 'overview'}
            onChoose={(tab) => change({ tab: tab as (typeof RUN_TABS)[number] })}
            items={RUN_TABS.map((id) => ({ id, name: w[id], content: () => contents[id](data) }))}
          />
        )}
      </Answer>
    </Frame>
  )
}
