import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import type { SeriesAnswer } from '../../src/wire/series.ts'
import { get } from '../api/client.ts'
import { paths } from '../api/paths.ts'
import { Select, Slider } from '../ui/choices.tsx'
import { Switch } from '../ui/fields.tsx'
import { Section } from '../ui/page.tsx'
import { Answer, Loading } from '../ui/states.tsx'
import { useWords } from '../words/words.tsx'
import { joined, pointsFor } from './joined.ts'
import './curve-charts.css'

const Curve = lazy(() => import('../ui/curve.tsx'))

export type How = { x?: 'time'; log?: boolean; smooth?: number }

/** A chart for each metric, with the curves of some runs: thinned by the server, so that no spike is lost. */
export function CurveCharts({
  runs,
  keys,
  how,
  live,
}: {
  runs: readonly { id: string; name: string }[]
  keys: readonly string[]
  how: How
  live: boolean
}) {
  const w = useWords().run
  const ids = runs.map(({ id }) => id)
  const x = how.x ?? 'step'
  const asked = useQuery({
    queryKey: ['runs', 'series', ids, keys, x],
    queryFn: ({ signal }) => get<SeriesAnswer>(paths.series(ids, keys, x, pointsFor(ids.length)), signal),
    placeholderData: (before) => before,
    refetchInterval: live ? 10_000 : false,
  })
  return (
    <Answer of={asked}>
      {({ series }) => (
        <div className="curve-charts">
          {keys.map((key) => {
            const curves = series.filter((curve) => curve.key === key)
            const longest = curves.reduce(
              (most, curve) => (curve.points > (most?.points ?? 0) ? curve : most),
              curves[0],
            )
            const about = longest?.thinned ? w.thinned(longest.points, longest.x.length) : undefined
            return (
              <Section key={key} title={key} about={about}>
                <OneChart name={key} curves={curves} runs={runs} how={how} />
              </Section>
            )
          })}
        </div>
      )}
    </Answer>
  )
}

function OneChart({
  name,
  curves,
  runs,
  how,
}: {
  name: string
  curves: SeriesAnswer['series']
  runs: readonly { id: string; name: string }[]
  how: How
}) {
  const w = useWords().run
  const { x, log = false, smooth = 0 } = how
  const time = x === 'time'
  const drawn = useMemo(() => {
    const names = new Map(runs.map(({ id, name: of }) => [id, of]))
    return joined(curves, { nameOf: ({ run }) => names.get(run) ?? run, time, log, smooth })
  }, [curves, runs, time, log, smooth])
  return (
    <Suspense fallback={<Loading />}>
      <Curve label={name} x={drawn.x} lines={drawn.lines} xName={time ? w.xTime : w.xStep} time={time} log={log} />
    </Suspense>
  )
}

export function CurveChoices({ how, onChange }: { how: How; onChange: (next: How) => void }) {
  const w = useWords().run
  const smooth = how.smooth ?? 0
  return (
    <div className="curve-choices">
      <Select
        label={w.x}
        value={how.x ?? 'step'}
        options={[
          { id: 'step', name: w.xStep },
          { id: 'time', name: w.xTime },
        ]}
        onChange={(id) => onChange({ x: id === 'time' ? 'time' : undefined } as How)}
      />
      <Slider
        label={w.smooth}
        value={smooth}
        min={0}
        max={0.98}
        step={0.02}
        text={w.smoothing(smooth)}
        onChange={(next) => onChange({ smooth: next === 0 ? undefined : next } as How)}
      />
      <Switch isSelected={how.log ?? false} onChange={(on) => onChange({ log: on || undefined } as How)}>
        {w.log}
      </Switch>
    </div>
  )
}
