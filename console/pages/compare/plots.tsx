import { useMemo } from 'react'
import { boxesSvg, parallelSvg } from '../../../src/plots/compared.ts'
import { chartSvg } from '../../../src/plots/plots.ts'
import type { ComparisonAnswer } from '../../../src/wire/comparison.ts'
import { Select } from '../../ui/choices.tsx'
import { Plot } from '../../ui/plot.tsx'
import { Empty } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { type AxisColumn, groupsOf } from './columns.ts'
import type { ChangeSearch } from './page.tsx'
import type { CompareSearch } from './routes.tsx'

type Props = { columns: readonly AxisColumn[]; search: CompareSearch; onChange: ChangeSearch }

const isMetric = ({ id }: AxisColumn) => id.startsWith('metrics.')
const options = (columns: readonly AxisColumn[]) =>
  columns.map(({ id, name }) => ({ id, name, about: id.split('.')[0]! }))

/** The one that the address names, else the first that fits. */
function chosen(columns: readonly AxisColumn[], id: string | undefined, fits: (column: AxisColumn) => boolean) {
  return columns.find((column) => column.id === id) ?? columns.find(fits) ?? columns[0]
}

export function Scatter({ data, columns, search, onChange }: Props & { data: ComparisonAnswer }) {
  const w = useWords().compare
  const numeric = columns.filter(({ words }) => words === undefined)
  const across = chosen(numeric, search.across, (column) => !isMetric(column))
  const up = chosen(numeric, search.up, (column) => isMetric(column) && column !== across)
  const svg = useMemo(() => {
    if (!across || !up) return ''
    const points = across.values.flatMap((x, i) =>
      x === null || up.values[i] == null ? [] : [[x, up.values[i]] as const],
    )
    return chartSvg({
      title: w.dots(up.name, across.name),
      about: w.dotsAbout(points.length),
      x: { label: across.name },
      y: { label: up.name },
      series: [{ name: up.name, kind: 'dots', points }],
    })
  }, [across, up, w])
  if (!across || !up || numeric.length < 2) return <Empty title={w.noAxes} />
  return (
    <>
      <div className="compare-choices">
        <Select
          label={w.across}
          options={options(numeric)}
          value={across.id}
          onChange={(id) => onChange({ across: id })}
        />
        <Select label={w.up} options={options(numeric)} value={up.id} onChange={(id) => onChange({ up: id })} />
      </div>
      <Plot svg={svg} label={`${w.dots(up.name, across.name)}. ${w.dotsAbout(data.runs.length)}`} />
    </>
  )
}

const AXES = 12

export function Parallel({ data, columns }: { data: ComparisonAnswer; columns: readonly AxisColumn[] }) {
  const w = useWords().compare
  const svg = useMemo(() => {
    const params = columns.filter((column) => !isMetric(column)).slice(0, AXES - 2)
    const axes = [...params, ...columns.filter(isMetric).slice(0, AXES - params.length)]
    return parallelSvg({
      title: w.lines,
      about: w.linesAbout(data.runs.length),
      axes: axes.map(({ name, words }) => ({ name, ...(words ? { words } : {}) })),
      lines: data.runs.map(({ name }, i) => ({ name, values: axes.map(({ values }) => values[i] ?? null), group: i })),
    })
  }, [data, columns, w])
  if (columns.length < 2) return <Empty title={w.noAxes} />
  return (
    <div className="compare-wide" role="region" aria-label={w.parallel} tabIndex={0}>
      <Plot svg={svg} label={`${w.lines}. ${w.linesAbout(data.runs.length)}`} />
    </div>
  )
}

const GROUPS = 40

export function Boxes({ columns, search, onChange }: Props) {
  const w = useWords().compare
  const numeric = columns.filter(({ words }) => words === undefined)
  const of = chosen(numeric, search.up, isMetric)
  const by = chosen(columns, search.by, (column) => !isMetric(column) && column !== of)
  const groups = useMemo(() => (of && by ? groupsOf(by, of).slice(0, GROUPS) : []), [of, by])
  if (!of || !by || columns.length < 2) return <Empty title={w.noAxes} />
  const said = { title: w.boxesOf(of.name, by.name), about: w.boxesAbout(groups.length) }
  return (
    <>
      <div className="compare-choices">
        <Select label={w.of} options={options(numeric)} value={of.id} onChange={(id) => onChange({ up: id })} />
        <Select label={w.by} options={options(columns)} value={by.id} onChange={(id) => onChange({ by: id })} />
      </div>
      <Plot svg={boxesSvg({ ...said, label: of.name, groups })} label={`${said.title}. ${said.about}`} />
    </>
  )
}
