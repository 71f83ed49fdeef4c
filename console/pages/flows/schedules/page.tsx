import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ScheduleAnswer, SchedulesAnswer } from '../../../../src/wire/schedules.ts'
import { get } from '../../../api/client.ts'
import { paths } from '../../../api/paths.ts'
import { Page as Frame } from '../../../ui/page.tsx'
import { Answer, Empty } from '../../../ui/states.tsx'
import { Table } from '../../../ui/table.tsx'
import { When } from '../../../ui/when.tsx'
import { useWords } from '../../../words/words.tsx'
import { Actions } from './actions.tsx'
import { TickState } from './tick-state.tsx'
import { useWhen } from './when-text.ts'

/** What begins by itself: when next, when last, and why one was left out. */
export function Page() {
  const { schedules: w, flows } = useWords()
  const all = useQuery({
    queryKey: ['flows', 'schedules'],
    queryFn: ({ signal }) => get<SchedulesAnswer>(paths.schedules(), signal),
  })
  return (
    <Frame title={w.title} crumbs={[{ title: flows.title, to: '/flows' }]}>
      <Answer of={all}>
        {({ schedules, leader }) =>
          schedules.length === 0 ? (
            <Empty title={w.none} what={w.noneWhat} />
          ) : (
            <>
              {leader === null && <p role="status">{w.noLeader}</p>}
              <Schedules rows={schedules} />
            </>
          )
        }
      </Answer>
    </Frame>
  )
}

function Schedules({ rows }: { rows: readonly ScheduleAnswer[] }) {
  const w = useWords().schedules
  const whenOf = useWhen()
  return (
    <Table
      label={w.title}
      rows={rows}
      keyOf={({ name }) => name}
      columns={[
        {
          id: 'schedule',
          name: w.schedule,
          cell: ({ name }) => (
            <Link to="/flows/schedules/$name" params={{ name }}>
              {name}
            </Link>
          ),
        },
        { id: 'flow', name: w.flow, cell: ({ flow }) => flow },
        { id: 'when', name: w.when, cell: (schedule) => <span className="quiet">{whenOf(schedule)}</span> },
        {
          id: 'next',
          name: w.next,
          cell: ({ paused, next }) => (paused ? w.paused : next[0] ? <When at={next[0]} /> : '–'),
        },
        { id: 'last', name: w.last, cell: ({ last }) => (last[0] ? <TickState tick={last[0]} dated /> : '–') },
        { id: 'actions', name: '', cell: (schedule) => <Actions schedule={schedule} /> },
      ]}
    />
  )
}
