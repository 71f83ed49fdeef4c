import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { SnapshotsAnswer } from '../../../src/wire/deliveries.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Status } from '../../ui/badge.tsx'
import { momentText } from '../../ui/format.ts'
import { More } from '../../ui/more.tsx'
import { Bytes, Num } from '../../ui/num.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { SnapshotLink } from './links.tsx'
import { beforeOf } from './months.ts'

export type Told = SnapshotsAnswer['snapshots'][number]

const LIMIT = 100

/** Every version of every month of a source, the one that was taken in last first. */
export function SnapshotTable({ source }: { source: string }) {
  const w = useWords().data
  const asked = useInfiniteQuery({
    queryKey: ['snapshots', source],
    queryFn: ({ pageParam, signal }) =>
      get<SnapshotsAnswer>(paths.snapshots({ source, limit: LIMIT, page_token: pageParam ?? undefined }), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_page_token,
  })
  return (
    <Answer of={asked}>
      {({ pages }) => {
        const rows = pages.flatMap((page) => page.snapshots)
        if (rows.length === 0) return <Empty title={w.noSnapshots} what={w.noDeliveriesWhat} />
        return (
          <>
            <SnapshotRows rows={rows} label={w.snapshots} />
            <More of={asked}>{w.more}</More>
          </>
        )
      }}
    </Answer>
  )
}

export function SnapshotRows({ rows, label }: { rows: readonly Told[]; label: string }) {
  const w = useWords().data
  const columns: Column<Told>[] = [
    { id: 'as_of', name: w.asOf, cell: (s) => <SnapshotLink id={s.id}>{momentText(s.as_of)}</SnapshotLink> },
    { id: 'version', name: w.version, number: true, cell: (s) => s.version },
    { id: 'state', name: w.state, cell: (s) => <SnapshotState of={s} among={rows} /> },
    { id: 'rows', name: w.rows, number: true, cell: (s) => <Num value={s.rows} /> },
    { id: 'size', name: w.size, number: true, cell: (s) => <Bytes value={s.bytes} /> },
    { id: 'recorded', name: w.recorded, cell: (s) => <When at={s.recorded_at} /> },
    { id: 'changed', name: w.whatChanged, cell: (s) => <Compared to={s} among={rows} /> },
  ]
  return <Table label={label} columns={columns} rows={rows} keyOf={(s) => s.id} />
}

function SnapshotState({ of, among }: { of: Told; among: readonly Told[] }) {
  const w = useWords().data
  if (of.withdrawn) return <Status tone="warn">{w.withdrawnBy(of.withdrawn.actor, of.withdrawn.reason)}</Status>
  const newer = among.some((one) => one.as_of === of.as_of && one.version > of.version && one.withdrawn === null)
  return newer ? <Status tone="neutral">{w.corrected}</Status> : <Status tone="good">{w.counts}</Status>
}

function Compared({ to, among }: { to: Told; among: readonly Told[] }) {
  const before = beforeOf(to, among)
  if (!before) return null
  const text =
    before.as_of === to.as_of
      ? `v${before.version} → v${to.version}`
      : `${momentText(before.as_of)} → ${momentText(to.as_of)}`
  return (
    <Link to="/data/compare" search={{ from: before.id, to: to.id }}>
      {text}
    </Link>
  )
}
