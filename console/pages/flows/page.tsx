import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { FlowsAnswer, ListedFlow } from '../../../src/wire/flows.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Select } from '../../ui/choices.tsx'
import { More } from '../../ui/more.tsx'
import { Duration } from '../../ui/num.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { aboutText } from './about.ts'
import { Days } from './days.tsx'
import './flows.css'
import { FlowState } from './states.tsx'

const FLOWS = ['train_baseline', 'ingest_month', 'materialize', 'withdraw', 'erase']
const STATES = ['waiting', 'running', 'succeeded', 'failed', 'cancelled']
const ANY = '*'

export function Page() {
  const { flows: w, schedules } = useWords()
  const { flow, state } = useSearch({ from: '/flows' })
  const navigate = useNavigate()
  const runs = useInfiniteQuery({
    queryKey: ['flows', 'list', flow ?? null, state ?? null],
    queryFn: ({ signal, pageParam }) =>
      get<FlowsAnswer>(paths.flows({ flow, state, limit: 50, page_token: pageParam ?? undefined }), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_page_token,
  })
  const choose = (chosen: { flow?: string | undefined; state?: string | undefined }) =>
    void navigate({ to: '/flows', search: { flow, state, ...chosen }, replace: true })
  const names = flow === undefined || FLOWS.includes(flow) ? FLOWS : [...FLOWS, flow]
  const named = (id: string) => (id === ANY ? undefined : id)
  return (
    <Frame title={w.title} actions={<Link to="/flows/schedules">{schedules.title}</Link>}>
      <Days />
      <div className="row flows-filters">
        <Select
          label={w.flow}
          value={flow ?? ANY}
          onChange={(id) => choose({ flow: named(id) })}
          options={[{ id: ANY, name: w.anyFlow }, ...names.map((name) => ({ id: name, name }))]}
        />
        <Select
          label={w.state}
          value={state ?? ANY}
          onChange={(id) => choose({ state: named(id) })}
          options={[{ id: ANY, name: w.anyState }, ...STATES.map((id) => ({ id, name: w.states[id] ?? id }))]}
        />
      </div>
      <Answer of={runs}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.flows)
          if (rows.length === 0) return <Empty title={w.none} what={w.noneWhat} />
          return (
            <>
              <Runs rows={rows} />
              <More of={runs}>{w.more}</More>
            </>
          )
        }}
      </Answer>
    </Frame>
  )
}

function Runs({ rows }: { rows: readonly ListedFlow[] }) {
  const w = useWords().flows
  return (
    <Table
      label={w.title}
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        {
          id: 'flow',
          name: w.flow,
          cell: ({ id, flow }) => (
            <Link to="/flows/$id" params={{ id }}>
              {flow}
            </Link>
          ),
        },
        { id: 'about', name: w.about, cell: ({ about }) => <span className="quiet">{aboutText(about)}</span> },
        {
          id: 'state',
          name: w.state,
          cell: ({ state, cancel, step, error }) => (
            <>
              <FlowState state={state} cancelling={state === 'running' && cancel !== null} />
              {(step?.name ?? error?.message ?? cancel?.why) && (
                <p className="quiet small flows-says">{step?.name ?? error?.message ?? cancel?.why}</p>
              )}
            </>
          ),
        },
        { id: 'submitted', name: w.submitted, cell: ({ submitted_at: at }) => <When at={at} /> },
        { id: 'by', name: w.by, cell: ({ by }) => by ?? '–' },
        {
          id: 'took',
          name: w.took,
          number: true,
          cell: ({ started_at: from, finished_at: to }) =>
            from && to ? <Duration ms={Date.parse(to) - Date.parse(from)} /> : '–',
        },
      ]}
    />
  )
}
