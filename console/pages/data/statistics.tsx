import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { ColumnsAnswer } from '../../../src/wire/snapshots.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Badge } from '../../ui/badge.tsx'
import { momentText, numberText, percentText } from '../../ui/format.ts'
import { Histogram } from '../../ui/small-plots.tsx'
import { Answer } from '../../ui/states.tsx'
import { useLanguage } from '../../words/words.tsx'
import { MonthLink } from './links.tsx'
import { stabilityIndex } from './months.ts'
import { PageButtons } from './page-buttons.tsx'

const LIMIT = 15
const SHIFT = 0.2

type Columns = ColumnsAnswer
type Described = Columns['columns'][number]

/** What each column is like in each of the last months, side by side, with the same bins for all. */
export function Statistics({
  source,
  page,
  onPage,
}: {
  source: string
  page: string | undefined
  onPage: (page: string | undefined) => void
}) {
  const { words } = useLanguage()
  const w = words.data
  const asked = useQuery({
    queryKey: ['snapshots', source, 'columns', page ?? null],
    queryFn: ({ signal }) => get<Columns>(paths.sourceColumns(source, { limit: LIMIT, page_token: page }), signal),
    placeholderData: keepPreviousData,
    staleTime: 300_000,
  })
  const from = Number(page ?? 0)
  return (
    <Answer of={asked}>
      {({ snapshots, columns, total, next_page_token: next }) => (
        <>
          <div className="table-box" role="region" aria-label={w.statistics} tabIndex={0}>
            <table className="table data-statistics" aria-label={w.statistics}>
              <thead>
                <tr>
                  <th scope="col">{w.column}</th>
                  {snapshots.map((one) => (
                    <th key={one.id} scope="col">
                      <MonthLink of={one} />
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {columns.map((column) => (
                  <tr key={column.name}>
                    <th scope="row">
                      <code>{column.name}</code>
                      <div className="quiet small">{column.type}</div>
                    </th>
                    {snapshots.map((one, at) => (
                      <td key={one.id}>
                        <Month of={column} at={at} rows={one.rows} month={momentText(one.as_of)} />
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {(from > 0 || next) && (
            <PageButtons page={page} limit={LIMIT} next={next} onPage={onPage}>
              <span className="quiet small">
                {from + 1}–{from + columns.length} / {total} {w.columns}
              </span>
            </PageButtons>
          )}
        </>
      )}
    </Answer>
  )
}

function Month({ of, at, rows, month }: { of: Described; at: number; rows: number; month: string }) {
  const { language, words } = useLanguage()
  const w = words.data
  const summary = of.snapshots[at]
  if (!summary) return <span className="quiet">{w.noColumn}</span>
  const number = (value: number) => numberText(value, language, 4)
  const facts = [
    `${number(summary.distinct)} ${w.distinct}`,
    ...(summary.nulls > 0 ? [`${percentText(summary.nulls / Math.max(1, rows), language)} ${w.nulls}`] : []),
    ...(summary.mean === null ? [] : [`${w.mean} ${number(summary.mean)}`]),
    ...(summary.mean === null || !summary.quantiles ? [] : [`${w.median} ${number(summary.quantiles.p50)}`]),
  ]
  return (
    <div className="data-month">
      <Distribution of={of} at={at} label={w.histogramOf(of.name, month)} />
      <Shift of={of} at={at} />
      <div className="quiet small">{facts.join(' · ')}</div>
      {summary.min !== null && (
        <div className="quiet small data-range">
          {shortened(summary.min)} … {shortened(summary.max ?? '')}
        </div>
      )}
    </div>
  )
}

function Distribution({ of: { histogram }, at, label }: { of: Described; at: number; label: string }) {
  const { language, words } = useLanguage()
  const counts = histogram?.counts[at]
  if (!histogram || !counts) return null
  if (histogram.kind === 'bins') return <Histogram label={label} counts={counts as number[]} width={150} height={38} />
  const others = histogram.others[at] ?? 0
  const shown = [
    ...histogram.values.map((value, i) => ({ value, count: counts[i] ?? 0 })),
    ...(others > 0 ? [{ value: words.data.others, count: others }] : []),
  ].slice(0, 6)
  const all = counts.reduce<number>((sum, count) => sum + (count ?? 0), others)
  return (
    <dl className="data-values" aria-label={label}>
      {shown.map(({ value, count }) => (
        <div key={value}>
          <dt title={value}>{value === '' ? '""' : value}</dt>
          <dd>
            <span className="data-bar" style={{ width: `${(56 * count) / Math.max(1, all)}px` }} />
            {percentText(count / Math.max(1, all), language)}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Shift({ of: { histogram }, at }: { of: Described; at: number }) {
  const { language, words } = useLanguage()
  const [before, now] = [histogram?.counts[at - 1], histogram?.counts[at]]
  if (!before || !now) return null
  const index = stabilityIndex(
    before.map((count) => count ?? 0),
    now.map((count) => count ?? 0),
  )
  if (index === null || index < SHIFT) return null
  return (
    <span title={words.data.shiftedWhat(numberText(index, language, 2))}>
      <Badge tone="warn">{words.data.shifted}</Badge>
    </span>
  )
}

function shortened(text: string): string {
  const day = momentText(text)
  return day.length > 24 ? `${day.slice(0, 23)}…` : day
}
