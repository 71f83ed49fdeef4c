import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type Chart, chartSvg, type Series } from '../../../src/plots/plots.ts'
import type { ComparisonAnswer } from '../../../src/wire/comparison.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Plot } from '../../ui/plot.tsx'
import { Empty, Loading } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'

type Run = ComparisonAnswer['runs'][number]

const DRAWN = 10

/** Points of a file that anybody may have written: what is no pair of numbers is left out. */
export function pointsOf(file: unknown, x: string, y: string): [number, number][] {
  if (!Array.isArray(file)) return []
  return (file as unknown[]).flatMap((point) => {
    const of = typeof point === 'object' && point !== null ? (point as Record<string, unknown>) : {}
    const [across, up] = [of[x], of[y]]
    return typeof across === 'number' && typeof up === 'number' ? [[across, up] as [number, number]] : []
  })
}

/** The ROC and precision-recall curves that the runs logged, over each other. */
export function Quality({ runs }: { runs: readonly Run[] }) {
  const w = useWords().compare
  const drawn = runs.slice(0, DRAWN)
  const of = (file: string) =>
    drawn.map(({ id }) => ({
      queryKey: ['runs', id, 'file', file],
      queryFn: ({ signal }: { signal: AbortSignal }) => get<unknown>(paths.runFile(id, file), signal),
      retry: false,
      staleTime: Number.POSITIVE_INFINITY,
    }))
  const roc = useQueries({ queries: of('roc.json') })
  const pr = useQueries({ queries: of('precision_recall.json') })
  if ([...roc, ...pr].some(({ isPending }) => isPending)) return <Loading />
  const seriesOf = (files: { data?: unknown }[], x: string, y: string): Series[] =>
    files.flatMap(({ data }, i) => {
      const points = pointsOf(data, x, y)
      return points.length === 0 ? [] : [{ name: String(i + 1), kind: 'line', points } satisfies Series]
    })
  const rocs = seriesOf(roc, 'falsePositiveRate', 'truePositiveRate')
  const prs = seriesOf(pr, 'recall', 'precision')
  if (rocs.length + prs.length === 0) return <Empty title={w.noQuality} />
  const chance: Series = {
    name: w.chance,
    reference: true,
    points: [
      [0, 0],
      [1, 1],
    ],
  }
  const share = { from: 0, to: 1 }
  const charts: Chart[] = [
    {
      title: w.roc,
      about: w.qualityAbout(rocs.length),
      x: { label: w.falsePositive, ...share },
      y: { label: w.truePositive, ...share },
      series: [...rocs, chance],
    },
    {
      title: w.pr,
      about: w.qualityAbout(prs.length),
      x: { label: w.recall, ...share },
      y: { label: w.precision, ...share },
      series: prs,
    },
  ]
  return (
    <>
      {runs.length > DRAWN && <p className="quiet">{w.firstTen}</p>}
      <div className="compare-plots">
        {charts.map((chart) => (
          <Plot key={chart.title} svg={chartSvg(chart)} label={`${chart.title}. ${chart.about}`} />
        ))}
      </div>
      <ol className="compare-names">
        {drawn.map(({ id, name, experiment }) => (
          <li key={id}>
            <Link to="/experiments/$experimentId/runs/$runId" params={{ experimentId: experiment, runId: id }}>
              {name}
            </Link>
          </li>
        ))}
      </ol>
    </>
  )
}
