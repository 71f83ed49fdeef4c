import { useState } from 'react'
import type { RunAnswer } from '../../../src/wire/run.ts'
import { CurveCharts, CurveChoices, type How } from '../../charts/curve-charts.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'

const CHARTS = 12

/** A chart for each metric that has more than one value. */
export function Curves({ data, search, onChange }: { data: RunAnswer; search: How; onChange: (next: How) => void }) {
  const w = useWords().run
  const [shown, setShown] = useState(CHARTS)
  const keys = data.metrics.filter(({ points }) => points > 1).map(({ key }) => key)
  if (keys.length === 0) return <Empty title={w.noCurves} />
  const { id, name, status } = data.run
  const left = keys.length - shown
  return (
    <>
      <CurveChoices how={search} onChange={onChange} />
      <CurveCharts runs={[{ id, name }]} keys={keys.slice(0, shown)} how={search} live={status === 'RUNNING'} />
      {left > 0 && shown < 48 && (
        <Button onPress={() => setShown(shown + CHARTS)}>{w.showMore(Math.min(CHARTS, left))}</Button>
      )}
    </>
  )
}
