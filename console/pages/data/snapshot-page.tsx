import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import type { SnapshotAnswer } from '../../../src/wire/snapshots.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Status } from '../../ui/badge.tsx'
import { momentText } from '../../ui/format.ts'
import { KeyValues } from '../../ui/key-values.tsx'
import { Bytes, Num } from '../../ui/num.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer } from '../../ui/states.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { ImpactSection } from './impact.tsx'
import { DeliveryLink, MonthLink, SourceLink } from './links.tsx'
import { Rows } from './rows.tsx'
import { SnapshotRows } from './snapshots.tsx'
import { WithdrawDialog } from './withdraw.tsx'
import './data.css'

/** One version of one month: what it is, what is in it, who read it, and the way to take it back. */
export function SnapshotPage() {
  const w = useWords().data
  const { id } = useParams({ from: '/data/snapshots/$id' })
  const { page, key } = useSearch({ from: '/data/snapshots/$id' })
  const asked = useQuery({
    queryKey: ['snapshots', 'one', id],
    queryFn: ({ signal }) => get<SnapshotAnswer>(paths.snapshot(id), signal),
  })
  const snapshot = asked.data
  return (
    <Frame
      title={id}
      crumbs={[
        { title: w.title, to: '/data' },
        ...(snapshot ? [{ title: snapshot.source, to: `/data/sources/${encodeURIComponent(snapshot.source)}` }] : []),
      ]}
      about={snapshot && <About of={snapshot} />}
      actions={
        <>
          <Link className="button" to="/lineage" search={{ of: id }}>
            {w.lineage}
          </Link>
          {snapshot && <Changes of={snapshot} />}
          {snapshot && snapshot.withdrawn === null && <WithdrawDialog id={id} />}
        </>
      }
    >
      <Answer of={asked}>
        {(found) => (
          <>
            <div className="data-two">
              <Section>
                <Facts of={found} />
              </Section>
              <Section title={w.versions}>
                <SnapshotRows label={w.versions} rows={[...found.versions].reverse()} />
              </Section>
            </div>
            <Section title={w.rows}>
              <Rows id={id} page={page} keyText={key} />
            </Section>
            <ImpactSection id={id} />
          </>
        )}
      </Answer>
    </Frame>
  )
}

function About({ of }: { of: SnapshotAnswer }) {
  const w = useWords().data
  if (of.withdrawn) {
    return (
      <>
        <Status tone="warn">{w.withdrawnBy(of.withdrawn.actor, of.withdrawn.reason)}</Status>
        <When at={of.withdrawn.recorded_at} />
      </>
    )
  }
  return of.counts ? <Status tone="good">{w.counts}</Status> : <Status tone="neutral">{w.corrected}</Status>
}

/** With the version before, or where there is none with the month before. */
function Changes({ of }: { of: SnapshotAnswer }) {
  const w = useWords().data
  const before = of.versions.findLast(({ version }) => version < of.version) ?? of.earlier
  if (!before) return null
  return (
    <Link className="button" to="/data/compare" search={{ from: before.id, to: of.id }}>
      {w.whatChanged}
    </Link>
  )
}

function Facts({ of }: { of: SnapshotAnswer }) {
  const w = useWords().data
  return (
    <KeyValues
      items={[
        [w.source, <SourceLink key="s" name={of.source} />],
        [w.asOf, momentText(of.as_of)],
        [w.rows, <Num key="r" value={of.rows} />],
        [w.columns, <Num key="c" value={of.columns.length} />],
        [w.key, of.key?.join(', ') ?? undefined],
        [w.size, <Bytes key="b" value={of.bytes} />],
        [w.recorded, <When key="w" at={of.recorded_at} exact />],
        [w.available, <When key="a" at={of.available_at} exact />],
        [
          w.deliveries,
          of.delivery === null ? undefined : (
            <DeliveryLink key="d" id={of.delivery}>
              {w.delivery(of.delivery)}
            </DeliveryLink>
          ),
        ],
        [w.earlier, of.earlier ? <MonthLink key="e" of={of.earlier} /> : undefined],
        [w.later, of.later ? <MonthLink key="l" of={of.later} /> : undefined],
        [w.digest, <Digest key="g" text={of.digest} />],
        [w.fileDigest, <Digest key="f" text={of.file_digest} />],
        [of.recorded_digest === of.digest ? '' : w.erasedFrom, of.recorded_digest === of.digest ? undefined : ''],
      ]}
    />
  )
}

/** Leads to all that has to do with these bytes. */
function Digest({ text }: { text: string }) {
  return (
    <Link to="/lineage" search={{ of: text }} title={text}>
      <code>{text.slice(0, 12)}</code>
    </Link>
  )
}
