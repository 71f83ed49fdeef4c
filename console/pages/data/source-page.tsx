import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { SourceAnswer } from '../../../src/wire/snapshots.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Badge, Status } from '../../ui/badge.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { Answer } from '../../ui/states.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { useWords } from '../../words/words.tsx'
import { DeliveryTable } from './deliveries.tsx'
import { MonthLink } from './links.tsx'
import { Rules } from './rules.tsx'
import { SnapshotTable } from './snapshots.tsx'
import { Statistics } from './statistics.tsx'
import { SOURCE_TONES } from './tones.ts'
import './data.css'

/** One source: its snapshots, what its columns are like from month to month, what is declared, what was delivered. */
export function SourcePage() {
  const w = useWords().data
  const { source: name } = useParams({ from: '/data/sources/$source' })
  const { tab = 'snapshots', page } = useSearch({ from: '/data/sources/$source' })
  const navigate = useNavigate({ from: '/data/sources/$source' })
  const source = useQuery({
    queryKey: ['sources', name],
    queryFn: ({ signal }) => get<SourceAnswer>(paths.source(name), signal),
  })
  return (
    <Frame
      title={name}
      crumbs={[{ title: w.title, to: '/data' }]}
      about={source.data && <About of={source.data} />}
      actions={
        <Link className="button main" to="/data/deliver">
          {w.deliver}
        </Link>
      }
    >
      <Answer of={source}>
        {(found) => (
          <Tabs
            label={name}
            chosen={tab}
            onChoose={(id) => void navigate({ search: { tab: id as typeof tab, page: undefined } })}
            items={[
              { id: 'snapshots', name: w.snapshots, content: () => <SnapshotTable source={name} /> },
              {
                id: 'statistics',
                name: w.statistics,
                content: () => (
                  <Statistics
                    source={name}
                    page={page}
                    onPage={(next) => void navigate({ search: { tab: 'statistics', page: next } })}
                  />
                ),
              },
              { id: 'rules', name: w.rules, content: () => <Rules of={found} /> },
              { id: 'deliveries', name: w.deliveries, content: () => <DeliveryTable source={name} limit={50} /> },
            ]}
          />
        )}
      </Answer>
    </Frame>
  )
}

function About({ of }: { of: SourceAnswer }) {
  const w = useWords().data
  return (
    <>
      <Status tone={SOURCE_TONES[of.state]!}>{w.states[of.state]}</Status>
      {of.newest && (
        <>
          <span className="quiet">{w.newest}</span>
          <MonthLink of={of.newest} />
        </>
      )}
      {of.kind && <Badge>{w.kinds[of.kind]}</Badge>}
      {of.file && <code>{of.file}</code>}
    </>
  )
}
