import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { ComparisonAnswer } from '../../../src/wire/comparison.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { CurveCharts, CurveChoices } from '../../charts/curve-charts.tsx'
import { Button } from '../../ui/button.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { useWords } from '../../words/words.tsx'
import { axisColumns } from './columns.ts'
import { Differences } from './differences.tsx'
import { Boxes, Parallel, Scatter } from './plots.tsx'
import { Quality } from './quality.tsx'
import { COMPARE_TABS, type CompareSearch } from './routes.tsx'
import './compare.css'

const route = getRouteApi('/compare-runs')

export type ChangeSearch = (next: CompareSearch) => void

export function Page() {
  const w = useWords().compare
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const runs = search.runs ?? []
  const change: ChangeSearch = (next) =>
    void navigate({ search: (before: CompareSearch) => ({ ...before, ...next }), replace: next.tab === undefined })
  const asked = useQuery({
    queryKey: ['runs', 'comparison', runs, search.all ?? false],
    queryFn: ({ signal }) => get<ComparisonAnswer>(paths.comparison(runs, search.all ?? false), signal),
    enabled: runs.length > 0,
    placeholderData: (before) => before,
  })
  return (
    <Frame
      title={w.title}
      crumbs={[{ title: w.experiments, to: '/experiments' }]}
      about={asked.data && w.about(asked.data.runs.length)}
    >
      {runs.length === 0 ? (
        <Empty title={w.none} what={w.noneDo} />
      ) : (
        <Answer of={asked}>
          {(data) => <Compared data={data} asked={runs.length} search={search} onChange={change} />}
        </Answer>
      )}
    </Frame>
  )
}

type Props = { data: ComparisonAnswer; search: CompareSearch; onChange: ChangeSearch }

function Compared({ data, asked, search, onChange }: Props & { asked: number }) {
  const w = useWords().compare
  const columns = useMemo(() => axisColumns(data), [data])
  const missing = asked - data.runs.length
  const contents = {
    table: () => <Differences data={data} search={search} onChange={onChange} />,
    curves: () => <Curves data={data} search={search} onChange={onChange} />,
    scatter: () => <Scatter data={data} columns={columns} search={search} onChange={onChange} />,
    parallel: () => <Parallel data={data} columns={columns} />,
    boxes: () => <Boxes columns={columns} search={search} onChange={onChange} />,
    quality: () => <Quality runs={data.runs} />,
  }
  return (
    <>
      {missing > 0 && <p className="quiet">{w.missing(missing)}</p>}
      {data.runs.length === 1 && <p className="quiet">{w.oneOnly}</p>}
      <Tabs
        label={w.tabs}
        chosen={search.tab ?? 'table'}
        onChoose={(tab) => onChange({ tab: tab as (typeof COMPARE_TABS)[number] })}
        items={COMPARE_TABS.map((id) => ({ id, name: w[id], content: contents[id] }))}
      />
    </>
  )
}

const CHARTS = 10

/** Of the metrics that differ, ten charts at a time: one answer for all of them. */
function Curves({ data, search, onChange }: Props) {
  const w = useWords().compare
  const [shown, setShown] = useState(CHARTS)
  const keys = data.metrics.map(({ key }) => key)
  if (keys.length === 0) return <Empty title={w.noCurves} />
  const parts = Array.from({ length: Math.ceil(Math.min(shown, keys.length) / CHARTS) }, (_, i) => i * CHARTS)
  return (
    <>
      <CurveChoices how={search} onChange={onChange} />
      {parts.map((from) => (
        <CurveCharts
          key={from}
          runs={data.runs}
          keys={keys.slice(from, from + CHARTS)}
          how={search}
          live={data.runs.some(({ status }) => status === 'RUNNING')}
        />
      ))}
      {keys.length > shown && <Button onPress={() => setShown(shown + CHARTS)}>{w.showMore}</Button>}
    </>
  )
}
