import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import type { TimelineAnswer } from '../../../src/wire/quality.ts'
import { Badge } from '../../ui/badge.tsx'
import { Num } from '../../ui/num.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { drawn, type Happened, happenedOf, measuresIn } from './over-time-lines.ts'
import { timelineQuery } from './queries.ts'

const Curve = lazy(() => import('../../ui/curve.tsx'))

/** Drift, estimate, truth, versions and decisions of a model on one axis of time. */
export function Page() {
  const { name } = useParams({ strict: false }) as { name: string }
  const w = useWords()
  const found = useQuery(timelineQuery(name))
  const crumbs = [
    { title: w.models.title, to: '/models' },
    { title: name, to: `/models/${encodeURIComponent(name)}` },
  ]
  return (
    <Frame title={w.timeline.title} crumbs={crumbs}>
      <Answer of={found}>{(answer) => <Whole answer={answer} />}</Answer>
    </Frame>
  )
}

function Whole({ answer }: { answer: TimelineAnswer }) {
  const w = useWords().timeline
  const measures = measuresIn(answer)
  const [chosen, choose] = useState<string | null>(null)
  if (answer.points.length === 0 && answer.decisions.length === 0 && answer.versions.length === 0)
    return <Empty title={w.nothing} what={w.nothingWhat} />
  const measure = chosen ?? measures[0] ?? 'auc'
  const { x, lines } = drawn(answer, measure, w)
  return (
    <div className="stack">
      <Section>
        <label className="row">
          {w.measure}
          <select value={measure} onChange={(event) => choose(event.target.value)}>
            {measures.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
        {lines.length > 0 && (
          <Suspense fallback={null}>
            <Curve label={w.chart(measure)} x={x} lines={lines} xName={w.month} time />
          </Suspense>
        )}
      </Section>
      <Section title={w.happened}>
        <Events rows={happenedOf(answer, measure, w)} />
      </Section>
    </div>
  )
}

function Events({ rows }: { rows: readonly Happened[] }) {
  const w = useWords().timeline
  const columns: Column<Happened>[] = [
    { id: 'when', name: w.when, cell: ({ at }) => <When at={at} /> },
    {
      id: 'kind',
      name: w.kind,
      cell: ({ kind }) => <Badge tone={kind === 'estimate' ? 'info' : 'neutral'}>{w.kinds[kind]}</Badge>,
    },
    { id: 'what', name: w.what, cell: ({ what }) => what },
    {
      id: 'value',
      name: w.measure,
      number: true,
      cell: ({ value }) => value !== undefined && <Num value={value} digits={4} />,
    },
    {
      id: 'interval',
      name: w.interval,
      number: true,
      cell: ({ low, high }) =>
        low != null &&
        high != null && (
          <span className="row">
            <Num value={low} digits={4} />
            <Num value={high} digits={4} />
          </span>
        ),
    },
    {
      id: 'before',
      name: w.before,
      number: true,
      cell: ({ first }) => first !== undefined && <Num value={first} digits={4} />,
    },
  ]
  return <Table label={w.happened} columns={columns} rows={rows} keyOf={({ key }) => key} />
}
