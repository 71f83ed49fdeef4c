import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { DeliveryAnswer } from '../../../src/wire/deliveries.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Badge, Status } from '../../ui/badge.tsx'
import { momentText } from '../../ui/format.ts'
import { Bytes, Num } from '../../ui/num.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { Findings } from './findings.tsx'
import { SnapshotLink, SourceLink } from './links.tsx'
import { DELIVERY_TONES } from './tones.ts'
import './data.css'

/** The check report of one delivery: who brought which files when, what became of them, and all that was found. */
export function DeliveryPage() {
  const w = useWords().data
  const { id } = useParams({ from: '/data/deliveries/$id' })
  const asked = useQuery({
    queryKey: ['deliveries', 'one', id],
    queryFn: ({ signal }) => get<DeliveryAnswer>(paths.delivery(id), signal),
  })
  return (
    <Frame
      title={w.delivery(id)}
      crumbs={[{ title: w.title, to: '/data' }]}
      about={asked.data && <About of={asked.data} />}
    >
      <Answer of={asked}>
        {(delivery) => (
          <>
            {delivery.sources.length > 0 && (
              <Section title={w.outcome}>
                <Outcomes of={delivery.sources} />
              </Section>
            )}
            <Section title={w.report}>
              {delivery.findings.length === 0 ? (
                <Empty title={w.reportFine} what={w.reportFineWhat} />
              ) : (
                <Findings of={delivery.findings} />
              )}
            </Section>
            {delivery.files.length > 0 && (
              <Section title={w.files}>
                <Files of={delivery.files} />
              </Section>
            )}
          </>
        )}
      </Answer>
    </Frame>
  )
}

function About({ of }: { of: DeliveryAnswer }) {
  const w = useWords().data
  return (
    <>
      <Status tone={DELIVERY_TONES[of.state]!}>{w.deliveryStates[of.state]}</Status>
      <span>
        {w.asOf} {momentText(of.as_of)}
      </span>
      <When at={of.finished_at} />
      {of.actor && <span>{of.actor}</span>}
      <code>{of.from}</code>
    </>
  )
}

export function Outcomes({ of }: { of: DeliveryAnswer['sources'] }) {
  const w = useWords().data
  const columns: Column<DeliveryAnswer['sources'][number]>[] = [
    { id: 'source', name: w.source, cell: ({ source }) => <SourceLink name={source} /> },
    {
      id: 'outcome',
      name: w.outcome,
      cell: ({ outcome }) => (
        <Badge tone={outcome === 'unchanged' ? 'neutral' : outcome === 'corrected' ? 'info' : 'good'}>
          {w.outcomes[outcome]}
        </Badge>
      ),
    },
    { id: 'snapshot', name: w.snapshot, cell: ({ snapshot }) => <SnapshotLink id={snapshot} /> },
    { id: 'rows', name: w.rows, number: true, cell: ({ rows }) => <Num value={rows} /> },
  ]
  return <Table label={w.outcome} columns={columns} rows={of} keyOf={({ source }) => source} />
}

function Files({ of }: { of: DeliveryAnswer['files'] }) {
  const w = useWords().data
  const columns: Column<DeliveryAnswer['files'][number]>[] = [
    { id: 'file', name: w.file, cell: ({ file }) => <code>{file}</code> },
    { id: 'source', name: w.source, cell: ({ source }) => <SourceLink name={source} /> },
    { id: 'size', name: w.size, number: true, cell: ({ bytes }) => <Bytes value={bytes} /> },
    {
      id: 'digest',
      name: w.lineage,
      cell: ({ digest }) => (
        <Link to="/lineage" search={{ of: `file:${digest}` }} title={digest}>
          <code>{digest.slice(0, 12)}</code>
        </Link>
      ),
    },
  ]
  return <Table label={w.files} columns={columns} rows={of} keyOf={({ source, file }) => `${source} ${file}`} />
}
