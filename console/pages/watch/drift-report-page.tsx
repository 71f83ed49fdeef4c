import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import type { ColumnDrift, DriftReport } from '../../../src/wire/drift.ts'
import type { DriftReportAnswer } from '../../../src/wire/drift-requests.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Badge } from '../../ui/badge.tsx'
import { numberText, percentText } from '../../ui/format.ts'
import { KeyValues } from '../../ui/key-values.tsx'
import { Page, Section } from '../../ui/page.tsx'
import { Histogram } from '../../ui/small-plots.tsx'
import { Answer } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useLanguage } from '../../words/words.tsx'
import { DriftColumn } from './drift-column.tsx'
import { Verdict } from './drift-page.tsx'

/** A report: the verdict, the columns by what they are worth, and one of them large. */
export function DriftReportPage() {
  const { id } = useParams({ from: '/watch/reports/$id' })
  const { column } = useSearch({ from: '/watch/reports/$id' })
  const { words } = useLanguage()
  const asked = useQuery({
    queryKey: ['drift-reports', id],
    queryFn: ({ signal }) => get<DriftReportAnswer>(paths.driftReport(id), signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const crumbs = [
    { title: words.watch.title, to: '/watch' },
    { title: words.drift.title, to: '/watch/drift' },
  ]
  const links = (
    <>
      <a href={paths.driftReportPage(id)} download={`drift-${id}.html`}>
        {words.drift.page}
      </a>
      <a href={paths.driftReport(id)} download={`drift-${id}.json`}>
        {words.drift.json}
      </a>
    </>
  )
  return (
    <Page title={asked.data?.of.name ?? words.drift.report} crumbs={crumbs} actions={links}>
      <Answer of={asked}>{(answer) => <Report answer={answer} column={column} />}</Answer>
    </Page>
  )
}

function Report({ answer, column }: { answer: DriftReportAnswer; column: string | undefined }) {
  const { report } = answer
  const w = useLanguage().words.drift
  const special = [report.prediction, report.label].filter((one) => one !== null)
  const chosen = [...report.columns, ...special].find((one) => one.column === column)
  return (
    <>
      <Section about={report.says}>
        <Verdict drifted={report.drifted} />
        <Facts report={report} made={answer.made_at} />
        {report.warnings.map((warning) => (
          <p key={warning} className="quiet">
            {warning}
          </p>
        ))}
      </Section>
      {chosen && <DriftColumn of={chosen} id={answer.id} />}
      <Section title={w.columns} about={w.columnsWhat}>
        <Columns label={w.columns} rows={report.columns} id={answer.id} />
      </Section>
      {special.length > 0 && (
        <Section title={w.special}>
          <Columns label={w.special} rows={special} id={answer.id} />
        </Section>
      )}
    </>
  )
}

function Facts({ report, made }: { report: DriftReport; made: string }) {
  const { words, language } = useLanguage()
  const w = words.drift
  const side = ({ says, rows }: DriftReport['reference']) => `${says}, ${numberText(rows, language)} ${w.rows}`
  const weighed =
    report.model === null
      ? []
      : [[w.model, report.version === null ? report.model : `${report.model}, ${w.version} ${report.version}`] as const]
  return (
    <KeyValues
      items={[
        [w.reference, side(report.reference)],
        [w.current, side(report.current)],
        ...weighed,
        [w.thresholds, report.history?.says ?? w.fixed],
        [w.made, <When key="made" at={made} exact />],
      ]}
    />
  )
}

function Columns({ label, rows, id }: { label: string; rows: readonly ColumnDrift[]; id: string }) {
  const { words, language } = useLanguage()
  const w = words.drift
  const number = (value: number | null) => (value === null ? '' : numberText(value, language, 3))
  const columns: Column<ColumnDrift>[] = [
    {
      id: 'column',
      name: w.column,
      cell: ({ column }) => (
        <Link to="/watch/reports/$id" params={{ id }} search={{ column }}>
          <code>{column}</code>
        </Link>
      ),
    },
    {
      id: 'spread',
      name: w.spread,
      cell: ({ column, histogram, says }) =>
        histogram && (
          <Histogram label={w.spreadOf(column, says)} counts={histogram.reference} other={histogram.current} />
        ),
    },
    { id: 'test', name: w.test, cell: ({ test }) => test ?? '' },
    { id: 'value', name: w.value, number: true, cell: ({ value }) => number(value) },
    { id: 'threshold', name: w.threshold, number: true, cell: ({ threshold }) => number(threshold) },
    {
      id: 'nulls',
      name: w.nulls,
      number: true,
      cell: ({ nulls }) => `${percentText(nulls.reference, language)} → ${percentText(nulls.current, language)}`,
    },
    {
      id: 'worth',
      name: w.worth,
      number: true,
      cell: ({ effect }) => (effect === null ? '' : percentText(effect.share, language)),
    },
    {
      id: 'verdict',
      name: w.verdict,
      cell: ({ drifted }) => <Badge tone={drifted ? 'warn' : 'neutral'}>{drifted ? w.moved : w.asBefore}</Badge>,
    },
  ]
  return <Table label={label} columns={columns} rows={rows} keyOf={({ column }) => column} />
}
