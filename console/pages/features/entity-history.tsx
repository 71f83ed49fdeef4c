import type { HistoryAnswer } from '../../../src/wire/entities.ts'
import { Badge } from '../../ui/badge.tsx'
import { momentText } from '../../ui/format.ts'
import { Sparkline } from '../../ui/small-plots.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { Cell, SnapshotLink } from '../time/cells.tsx'
import { type HistoryLine, historyLines, numberOfCell } from './history-lines.ts'

type Fact = HistoryAnswer['facts'][number] & { n: number }

/** What was recorded of an entity: each feature as a line over its moments, and each record by itself. */
export function EntityHistory({ answer }: { answer: HistoryAnswer }) {
  const w = useWords().features
  const facts = answer.facts.map((fact, n) => ({ ...fact, n }))
  return (
    <>
      <Table
        label={w.lines}
        columns={lineColumns(w)}
        rows={historyLines(answer)}
        keyOf={(line) => `${line.view} ${line.feature}`}
      />
      <h3>{w.records}</h3>
      <Table
        label={w.records}
        columns={factColumns(answer, w)}
        rows={facts}
        keyOf={(fact) => fact.n}
        rowTone={(fact) => (fact.withdrawn_at !== null || fact.deleted ? 'removed' : undefined)}
      />
      {(answer.cut || answer.next_page_token !== null) && <p className="quiet small">{w.historyCut}</p>}
    </>
  )
}

type Words = ReturnType<typeof useWords>['features']

function lineColumns(w: Words): Column<HistoryLine>[] {
  return [
    { id: 'view', name: w.view, cell: (line) => line.view },
    { id: 'feature', name: w.feature, cell: (line) => <b>{line.feature}</b> },
    {
      id: 'over',
      name: w.overMonths,
      cell: (line) => {
        const values = line.points.map((point) => numberOfCell(point.value))
        return <Sparkline label={`${line.feature}: ${w.overMonths}`} values={values} width={140} />
      },
    },
    {
      id: 'values',
      name: w.values,
      cell: (line) => (
        <span className="features-values">
          {line.points.slice(-VALUES_MAX).map((point) => (
            <span key={point.at} title={`${momentText(point.at)} · ${point.snapshot}`}>
              <Cell type={line.type} value={point.value} />
            </span>
          ))}
        </span>
      ),
    },
  ]
}

const VALUES_MAX = 8

function factColumns({ views }: HistoryAnswer, w: Words): Column<Fact>[] {
  const features = new Map(views.map(({ view, features: all }) => [view, all]))
  return [
    { id: 'recorded', name: w.recorded, cell: (fact) => <When at={fact.recorded_at} /> },
    { id: 'valid', name: w.describes, cell: (fact) => <span className="time-when">{momentText(fact.valid_at)}</span> },
    { id: 'view', name: w.view, cell: (fact) => fact.view },
    {
      id: 'values',
      name: w.values,
      cell: (fact) =>
        fact.deleted ? (
          <Badge tone="bad">{w.deleted}</Badge>
        ) : (
          <span className="features-values">
            {(features.get(fact.view) ?? []).map(({ name, type }, i) => (
              <span key={name}>
                <span className="quiet">{name} </span>
                <Cell type={type} value={fact.values[i] ?? null} />
              </span>
            ))}
          </span>
        ),
    },
    {
      id: 'snapshot',
      name: w.snapshot,
      cell: (fact) => (
        <span className="row">
          <SnapshotLink id={fact.snapshot} />
          {fact.withdrawn_at !== null && <Badge tone="bad">{w.withdrawn}</Badge>}
        </span>
      ),
    },
  ]
}
