import { Link } from '@tanstack/react-router'
import type { ColumnDrift } from '../../../src/wire/drift.ts'
import { numberText } from '../../ui/format.ts'
import { KeyValues } from '../../ui/key-values.tsx'
import { Section } from '../../ui/page.tsx'
import { Histogram } from '../../ui/small-plots.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { useLanguage } from '../../words/words.tsx'

type Side = ColumnDrift['summary']['reference'] & { side: string }

/** One column of a report, large. */
export function DriftColumn({ of, id }: { of: ColumnDrift; id: string }) {
  const { words, language } = useLanguage()
  const w = words.drift
  const number = (value: number | null) => (value === null ? '' : numberText(value, language))
  const columns: Column<Side>[] = [
    { id: 'side', name: '', cell: ({ side }) => side },
    { id: 'rows', name: w.rows, number: true, cell: ({ rows }) => number(rows) },
    { id: 'distinct', name: w.distinct, number: true, cell: ({ distinct }) => number(distinct) },
    { id: 'mean', name: w.mean, number: true, cell: ({ mean }) => number(mean) },
    { id: 'least', name: w.least, number: true, cell: ({ min }) => number(min) },
    { id: 'greatest', name: w.greatest, number: true, cell: ({ max }) => number(max) },
  ]
  const { reference, current } = of.summary
  const sides = [
    { side: w.reference, ...reference },
    { side: w.current, ...current },
  ]
  const back = (
    <Link to="/watch/reports/$id" params={{ id }}>
      {w.back}
    </Link>
  )
  return (
    <Section title={of.column} about={of.says} actions={back}>
      {of.histogram && (
        <Histogram
          label={w.spreadOf(of.column, of.says)}
          counts={of.histogram.reference}
          other={of.histogram.current}
          width={640}
          height={200}
        />
      )}
      {of.histogram && <p className="quiet small">{endsOf(of.histogram, number)}</p>}
      <Table label={of.column} columns={columns} rows={sides} keyOf={({ side }) => side} />
      {of.unseen.length > 0 && (
        <>
          <h3>{w.never}</h3>
          <KeyValues items={of.unseen.map(({ value, rows }) => [value, `${number(rows)} ${w.rows}`] as const)} />
        </>
      )}
    </Section>
  )
}

function endsOf(histogram: NonNullable<ColumnDrift['histogram']>, number: (value: number) => string): string {
  if (histogram.kind === 'categories') return histogram.names.join(' · ')
  return `${number(histogram.edges[0]!)} … ${number(histogram.edges.at(-1)!)}`
}
