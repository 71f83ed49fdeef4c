import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useMemo, useState } from 'react'
import type { TrainingAnswer } from '../../../src/wire/trainings.ts'
import { get } from '../../api/client.ts'
import { type Heard, useEvents } from '../../api/live.tsx'
import { paths } from '../../api/paths.ts'
import { Status } from '../../ui/badge.tsx'
import { Meter } from '../../ui/meter.tsx'
import { Duration, Num } from '../../ui/num.tsx'
import { Section } from '../../ui/page.tsx'
import { Answer, Loading } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'
import { useWords } from '../../words/words.tsx'
import { flowTone } from '../flows/states.tsx'
import { lossLines, type Told, toldOf } from './told.ts'

const Curve = lazy(() => import('../../ui/curve.tsx'))

/** A training while it goes on: its steps, how far it is, the loss so far; and what it came to. */
export function Watch({ id }: { id: string }) {
  const w = useWords().train
  const [told, setTold] = useState<Told>({})
  useEvents(useCallback((event: Heard) => setTold((before) => toldOf(before, event, id)), [id]))
  const asked = useQuery({
    queryKey: ['flows', 'training', id],
    queryFn: ({ signal }) => get<TrainingAnswer>(paths.training(id), signal),
  })
  return (
    <Section title={w.watch}>
      <Answer of={asked}>
        {(training) => (
          <div className="train-watch">
            <p>
              <Status tone={flowTone(training.state)}>{w.states[training.state] ?? training.state}</Status>{' '}
              {w.of(training.model, training.as_of)}{' '}
              <Link to="/flows/$id" params={{ id }}>
                {w.openFlow}
              </Link>
            </p>
            {training.state === 'waiting' && !training.worker && <p className="train-note">{w.noWorker}</p>}
            {training.error && (
              <p className="train-failed" role="alert">
                {training.error.message}
              </p>
            )}
            <Steps training={training} told={told} />
            <Loss told={told} />
            {training.result && <Result result={training.result} />}
          </div>
        )}
      </Answer>
    </Section>
  )
}

function Steps({ training, told }: { training: TrainingAnswer; told: Told }) {
  const w = useWords().train
  const over = training.finished_at !== null
  const { step, phase, done = 0, total = null } = told
  return (
    <ol className="train-steps" aria-label={w.steps}>
      {training.steps.map(({ name, state, ms }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place
        <li key={at}>
          <Status tone={state === 'succeeded' ? 'good' : 'bad'}>{name}</Status> <Duration ms={ms} />
        </li>
      ))}
      {!over && step !== undefined && (
        <li>
          <Status tone="info">{step}</Status> <span className="quiet">{phase}</span>
          {phase !== undefined && <Meter label={phase} value={done} total={total} />}
        </li>
      )}
    </ol>
  )
}

function Loss({ told }: { told: Told }) {
  const w = useWords().train
  const drawn = useMemo(() => lossLines(told.curves ?? []), [told.curves])
  if (drawn.x.length === 0) return null
  const lines = drawn.lines.map(({ of, values }) => ({ name: w.curve[of], values }))
  return (
    <Suspense fallback={<Loading />}>
      <h3>{w.loss}</h3>
      <Curve label={w.loss} x={drawn.x} lines={lines} xName={w.round} height={220} />
    </Suspense>
  )
}

function Result({ result }: { result: NonNullable<TrainingAnswer['result']> }) {
  const w = useWords().train
  const { model, version, run, experiment, reused, rows, features, metrics } = result
  const shown = Object.entries(metrics).filter(([name]) => !/_(low|high)$/.test(name))
  return (
    <>
      <h3>{w.result(model, version)}</h3>
      <p className="quiet">{reused ? w.reused : w.rows(rows, features)}</p>
      <p className="row">
        {experiment && (
          <Link to="/experiments/$experimentId/runs/$runId" params={{ experimentId: experiment, runId: run }}>
            {w.openRun}
          </Link>
        )}
        <Link to="/models/$name/versions/$version" params={{ name: model, version: String(version) }}>
          {w.openVersion}
        </Link>
      </p>
      <Table
        label={w.result(model, version)}
        rows={shown}
        keyOf={([name]) => name}
        columns={[
          { id: 'name', name: w.metric, cell: ([name]) => name },
          { id: 'value', name: w.value, number: true, cell: ([, value]) => <Num value={value} /> },
        ]}
      />
    </>
  )
}
