import { useQuery } from '@tanstack/react-query'
import type { FeatureViewAnswer } from '../../../src/wire/features.ts'
import { momentText } from '../../ui/format.ts'
import { Num, Percent } from '../../ui/num.tsx'
import { Section } from '../../ui/page.tsx'
import { Histogram, Sparkline } from '../../ui/small-plots.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { useWords } from '../../words/words.tsx'
import { Cell } from '../time/cells.tsx'
import { histogramsQuery, viewMomentsQuery } from './queries.ts'
import { barsOf, type Line, linesOf } from './statistics.ts'

/** The features of a view, each with what it was like at each of the newest moments. */
export function FeaturesOverMonths({ view }: { view: FeatureViewAnswer }) {
  const w = useWords().features
  const moments = useQuery(viewMomentsQuery(view.name))
  const columns = [...new Set(view.features.flatMap(({ column }) => (column === null ? [] : [column])))]
  const histograms = useQuery({
    ...histogramsQuery(view.source, columns),
    enabled: columns.length > 0 && view.source_kind === 'snapshot',
  })
  return (
    <Answer of={moments}>
      {(answer) => {
        const [first, last] = [answer.moments[0], answer.moments.at(-1)]
        return (
          <Section
            title={w.statistics}
            about={
              first && last && w.months(answer.moments.length, momentText(first.validAt), momentText(last.validAt))
            }
          >
            {last === undefined ? (
              <Empty title={w.noMonths} what={w.noMonthsWhat} />
            ) : (
              <Table
                label={w.statistics}
                columns={columnsOf(w, (line) =>
                  barsOf(histograms.data?.columns.find((column) => column.name === line.from)),
                )}
                rows={linesOf(view, answer.moments)}
                keyOf={(line) => line.name}
              />
            )}
          </Section>
        )
      }}
    </Answer>
  )
}

function columnsOf(
  w: ReturnType<typeof useWords>['features'],
  barsOfLine: (line: Line) => ReturnType<typeof barsOf>,
): Column<Line>[] {
  return [
    { id: 'name', name: w.feature, cell: (line) => <b>{line.name}</b> },
    { id: 'type', name: w.type, cell: (line) => line.type },
    {
      id: 'from',
      name: w.from,
      cell: (line) => <code className="features-from">{line.from}</code>,
    },
    {
      id: 'centre',
      name: w.mean,
      number: true,
      cell: ({ newest, centre }) =>
        newest === undefined ? null : newest.mean !== null ? (
          <Num value={newest.mean} />
        ) : (
          <Percent share={centre.at(-1) ?? 0} />
        ),
    },
    {
      id: 'over',
      name: w.overMonths,
      cell: (line) => <Sparkline label={`${line.name}: ${w.overMonths}`} values={line.centre} />,
    },
    {
      id: 'range',
      name: w.range,
      cell: ({ newest, type }) =>
        newest === undefined ? null : newest.top !== null && type !== 'Bool' ? (
          <span className="quiet">
            {newest.top
              .slice(0, 2)
              .map(({ value }) => value)
              .join(', ')}
          </span>
        ) : (
          <span className="features-range">
            <Cell type={type} value={newest.min} /> – <Cell type={type} value={newest.max} />
          </span>
        ),
    },
    {
      id: 'bars',
      name: w.distribution,
      cell: (line) => {
        const bars = barsOfLine(line)
        return bars === undefined ? (
          <span className="quiet">–</span>
        ) : (
          <Histogram
            label={`${line.name}: ${w.distribution}`}
            counts={bars.counts}
            {...(bars.before ? { other: bars.before } : {})}
            width={140}
            height={30}
          />
        )
      },
    },
    {
      id: 'nulls',
      name: w.nulls,
      number: true,
      cell: ({ newest }) => (newest?.nullShare == null ? null : <Percent share={newest.nullShare} />),
    },
    {
      id: 'nullsOver',
      name: w.nullsOver,
      cell: (line) =>
        line.nullShare.every((share) => share === 0) ? (
          <span className="quiet">{w.never}</span>
        ) : (
          <Sparkline label={`${line.name}: ${w.nullsOver}`} values={line.nullShare} />
        ),
    },
    { id: 'distinct', name: w.distinct, number: true, cell: ({ newest }) => <Num value={newest?.distinct} /> },
  ]
}
