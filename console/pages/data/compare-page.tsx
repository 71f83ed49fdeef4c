import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { SnapshotsAnswer } from '../../../src/wire/deliveries.ts'
import type { DifferenceAnswer } from '../../../src/wire/snapshots.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Select } from '../../ui/choices.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { ChangeTable } from './changes.tsx'
import { DifferenceSummary } from './difference-summary.tsx'
import { beforeOf } from './months.ts'
import { sourcesQuery } from './queries.ts'
import './data.css'

const LIMIT = 50
/** Versions to choose from: the newest of a source. */
const CHOICES = 500

/** What differs between two snapshots of a source: columns, rows, cells. */
export function ComparePage() {
  const w = useWords().data
  const search = useSearch({ from: '/data/compare' })
  const { from, to, kind, column, page } = search
  const navigate = useNavigate({ from: '/data/compare' })
  const show = (next: Partial<typeof search>) => void navigate({ search: { ...search, page: undefined, ...next } })
  const asked = useQuery({
    queryKey: ['snapshots', 'difference', from, to, kind ?? null, column ?? null, page ?? null],
    queryFn: ({ signal }) => {
      const given = { from: from!, to: to!, kind, column, limit: LIMIT, page_token: page }
      return get<DifferenceAnswer>(paths.snapshotDifference(given), signal)
    },
    enabled: from !== undefined && to !== undefined,
    placeholderData: keepPreviousData,
  })
  return (
    <Frame title={w.compareTitle} crumbs={[{ title: w.title, to: '/data' }]}>
      <Choice from={from} to={to} onChoose={(next) => show({ kind: undefined, column: undefined, ...next })} />
      {from === undefined || to === undefined ? (
        <Empty title={w.choose} />
      ) : (
        <Answer of={asked}>
          {(found) => (
            <>
              <DifferenceSummary
                of={found}
                column={column}
                onColumn={(name) => show({ column: name, kind: undefined })}
              />
              <Section title={w.rows}>
                <ChangeTable
                  of={found}
                  kind={kind}
                  column={column}
                  page={page}
                  limit={LIMIT}
                  onKind={(one) => show({ kind: one, column: undefined })}
                  onColumn={(name) => show({ column: name, kind: undefined })}
                  onPage={(token) => show({ page: token })}
                />
              </Section>
            </>
          )}
        </Answer>
      )}
    </Frame>
  )
}

type Chosen = { from: string | undefined; to: string | undefined }

/** The source, and two of its snapshots. */
function Choice({ from, to, onChoose }: Chosen & { onChoose: (next: Chosen) => void }) {
  const w = useWords().data
  const sources = useQuery(sourcesQuery)
  const source = (from ?? to)?.split('/').slice(0, -2).join('/')
  const all = useQuery({
    queryKey: ['snapshots', source ?? null, 'choices'],
    queryFn: ({ signal }) => get<SnapshotsAnswer>(paths.snapshots({ source, limit: CHOICES }), signal),
    enabled: source !== undefined,
  })
  const named = (all.data?.snapshots ?? []).map(({ id }) => ({ id, name: id.slice((source?.length ?? 0) + 1) }))
  const begin = async (name: string) => {
    const { snapshots } = await get<SnapshotsAnswer>(paths.snapshots({ source: name, limit: CHOICES }))
    const newest = snapshots.find(({ withdrawn }) => withdrawn === null) ?? snapshots[0]
    if (newest) onChoose({ from: (beforeOf(newest, snapshots) ?? newest).id, to: newest.id })
  }
  return (
    <div className="row data-choice">
      <Select
        label={w.source}
        value={source ?? null}
        options={(sources.data?.sources ?? [])
          .filter((one) => one.snapshots > 0)
          .map(({ name }) => ({ id: name, name }))}
        onChange={(name) => void begin(name)}
      />
      {source !== undefined && (
        <>
          <Select
            label={w.compareFrom}
            value={from ?? null}
            options={named}
            onChange={(id) => onChoose({ from: id, to })}
          />
          <Select
            label={w.compareTo}
            value={to ?? null}
            options={named}
            onChange={(id) => onChoose({ from, to: id })}
          />
        </>
      )}
    </div>
  )
}
