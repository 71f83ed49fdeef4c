import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { SourceHead } from '../../../src/wire/snapshots.ts'
import { Status } from '../../ui/badge.tsx'
import { Bytes, Num } from '../../ui/num.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { DeliveryTable } from './deliveries.tsx'
import { DeliveryLink, MonthLink, SourceLink } from './links.tsx'
import { sourcesQuery } from './queries.ts'
import { DELIVERY_TONES, SOURCE_TONES } from './tones.ts'

/** All sources at a glance, and what was delivered last. */
export function Page() {
  const w = useWords().data
  const sources = useQuery(sourcesQuery)
  return (
    <Frame
      title={w.title}
      actions={
        <>
          <Link className="button" to="/data/compare">
            {w.compare}
          </Link>
          <Link className="button main" to="/data/deliver">
            {w.deliver}
          </Link>
        </>
      }
    >
      <Section title={w.sources}>
        <Answer of={sources}>
          {({ sources: all }) =>
            all.length === 0 ? <Empty title={w.noSources} what={w.noSourcesWhat} /> : <Sources all={all} />
          }
        </Answer>
      </Section>
      <Section title={w.lastDeliveries}>
        <DeliveryTable limit={10} />
      </Section>
    </Frame>
  )
}

function Sources({ all }: { all: readonly SourceHead[] }) {
  const w = useWords().data
  const columns: Column<SourceHead>[] = [
    { id: 'name', name: w.source, cell: (s) => <SourceLink name={s.name} /> },
    { id: 'state', name: w.state, cell: (s) => <Status tone={SOURCE_TONES[s.state]!}>{w.states[s.state]}</Status> },
    { id: 'newest', name: w.newest, cell: (s) => (s.newest ? <MonthLink of={s.newest} /> : null) },
    { id: 'recorded', name: w.recorded, cell: (s) => (s.newest ? <When at={s.newest.recorded_at} /> : null) },
    { id: 'rows', name: w.rows, number: true, cell: (s) => (s.newest ? <Num value={s.newest.rows} /> : null) },
    { id: 'months', name: w.months, number: true, cell: (s) => <Num value={s.moments} /> },
    { id: 'corrections', name: w.corrections, number: true, cell: (s) => <Num value={s.corrections} /> },
    { id: 'withdrawn', name: w.withdrawn, number: true, cell: (s) => <Num value={s.withdrawn} /> },
    { id: 'size', name: w.size, number: true, cell: (s) => <Bytes value={s.bytes} /> },
    {
      id: 'delivery',
      name: w.lastDelivery,
      cell: ({ last_delivery: last }) =>
        last && (
          <Status tone={DELIVERY_TONES[last.state] ?? 'neutral'}>
            <DeliveryLink id={last.id}>{w.deliveryStates[last.state] ?? last.state}</DeliveryLink>
          </Status>
        ),
    },
  ]
  return <Table label={w.sources} columns={columns} rows={all} keyOf={(source) => source.name} />
}
