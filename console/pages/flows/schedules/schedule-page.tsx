import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { BackfillsAnswer, ScheduleAnswer, ScheduleTick, TicksAnswer } from '../../../../src/wire/schedules.ts'
import { get } from '../../../api/client.ts'
import { paths } from '../../../api/paths.ts'
import { More } from '../../../ui/more.tsx'
import { Page as Frame } from '../../../ui/page.tsx'
import { Answer, Empty } from '../../../ui/states.tsx'
import { Table } from '../../../ui/table.tsx'
import { When } from '../../../ui/when.tsx'
import { useWords } from '../../../words/words.tsx'
import { Actions } from './actions.tsx'
import { TickState } from './tick-state.tsx'
import { useWhen } from './when-text.ts'

/** One schedule: its next times, and what it wished so far. */
export function Page() {
  const w = useWords().schedules
  const { name } = useParams({ from: '/flows/schedules/$name' })
  const one = useQuery({
    queryKey: ['flows', 'schedules', name],
    queryFn: ({ signal }) => get<ScheduleAnswer>(paths.schedule(name), signal),
  })
  return (
    <Frame title={name} crumbs={[{ title: w.title, to: '/flows/schedules' }]}>
      <Answer of={one}>{(schedule) => <Head schedule={schedule} />}</Answer>
      <Backfills name={name} />
      <History name={name} />
    </Frame>
  )
}

function Head({ schedule }: { schedule: ScheduleAnswer }) {
  const w = useWords().schedules
  const whenOf = useWhen()
  const { flow, paused, next, known } = schedule
  return (
    <>
      <p>
        {flow}, <span className="quiet">{whenOf(schedule)}</span>
      </p>
      {paused && (
        <p role="status">
          {w.pausedBy(paused.by)} <When at={paused.at} /> {paused.why}
        </p>
      )}
      {!known && <p role="status">{w.unknown}</p>}
      {next.length > 0 && (
        <p>
          {w.next}:{' '}
          {next.map((at) => (
            <span key={at}>
              <When at={at} exact />{' '}
            </span>
          ))}
        </p>
      )}
      <Actions schedule={schedule} />
    </>
  )
}

function Backfills({ name }: { name: string }) {
  const w = useWords().schedules
  const all = useQuery({
    queryKey: ['flows', 'schedules', name, 'backfills'],
    queryFn: ({ signal }) => get<BackfillsAnswer>(paths.scheduleBackfills(name), signal),
  })
  if (!all.data || all.data.backfills.length === 0) return null
  return (
    <section>
      <h2>{w.backfills}</h2>
      <Table
        label={w.backfills}
        rows={all.data.backfills}
        keyOf={({ id }) => String(id)}
        columns={[
          {
            id: 'range',
            name: w.range,
            cell: ({ from, to }) => (
              <>
                <When at={from} exact /> – <When at={to} exact />
              </>
            ),
          },
          { id: 'by', name: w.origin, cell: ({ by }) => by },
          {
            id: 'state',
            name: w.state,
            cell: ({ succeeded, periods, waiting, running }) => (
              <>
                {w.done(succeeded, periods)}
                {waiting + running > 0 && <p className="quiet small">{w.left(waiting, running)}</p>}
              </>
            ),
          },
        ]}
      />
    </section>
  )
}

function History({ name }: { name: string }) {
  const w = useWords().schedules
  const ticks = useInfiniteQuery({
    queryKey: ['flows', 'schedules', name, 'ticks'],
    queryFn: ({ signal, pageParam }) =>
      get<TicksAnswer>(paths.scheduleTicks(name, { limit: 50, page_token: pageParam ?? undefined }), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_page_token,
  })
  return (
    <section>
      <h2>{w.history}</h2>
      <Answer of={ticks}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.ticks)
          if (rows.length === 0) return <Empty title={w.noHistory} what={w.noneWhat} />
          return (
            <>
              <Ticks rows={rows} />
              <More of={ticks}>{w.more}</More>
            </>
          )
        }}
      </Answer>
    </section>
  )
}

function Ticks({ rows }: { rows: readonly ScheduleTick[] }) {
  const w = useWords().schedules
  return (
    <Table
      label={w.history}
      rows={rows}
      keyOf={({ id }) => String(id)}
      columns={[
        { id: 'due', name: w.due, cell: ({ due_at: at }) => <When at={at} exact /> },
        { id: 'period', name: w.period, cell: ({ period }) => <When at={period} exact /> },
        { id: 'origin', name: w.origin, cell: ({ origin }) => w.origins[origin] ?? origin },
        { id: 'state', name: w.state, cell: (tick) => <TickState tick={tick} /> },
        { id: 'attempts', name: w.attempts, number: true, cell: ({ attempts }) => attempts },
        {
          id: 'run',
          name: w.openRun,
          cell: ({ run }) =>
            run === null ? (
              '–'
            ) : (
              <Link to="/flows/$id" params={{ id: run }}>
                {run.slice(0, 8)}
              </Link>
            ),
        },
      ]}
    />
  )
}
