import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { FlowAnswer, FlowStep } from '../../../src/wire/flows.ts'
import { Duration } from '../../ui/num.tsx'
import { Section } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { Retry } from './actions.tsx'
import { ganttOf } from './gantt.ts'
import { FlowState } from './states.tsx'

const TICK_MS = 1_000

/** The steps of a run as bars over its time; a failed attempt is a bar of its own. */
export function Steps({ run }: { run: FlowAnswer }) {
  const w = useWords().flows
  const { rows } = ganttOf(run, useNow(run.state === 'running'))
  if (rows.length === 0) {
    return (
      <Section title={w.steps}>
        <Empty title={w.noSteps} what={run.state === 'waiting' ? w.noStepsWaiting : undefined} />
      </Section>
    )
  }
  return (
    <Section title={w.steps}>
      <ol className="gantt">
        {rows.map(({ step, bars, ms }) => (
          <li key={step.number} className="gantt-row">
            <div className="gantt-step">
              <span className="gantt-name">
                <span className="quiet num">{step.number}</span> {step.name}
              </span>
              <About step={step} />
              {step.error && <p className="gantt-error">{step.error.message}</p>}
            </div>
            <div className="gantt-track" aria-hidden="true">
              {bars.map((bar) => (
                <span
                  key={bar.left}
                  className={`gantt-bar ${bar.state}`}
                  style={{ left: `${bar.left * 100}%`, width: `${bar.width * 100}%` }}
                />
              ))}
            </div>
            <span className="gantt-ms">{ms === null ? '–' : <Duration ms={Math.max(0, ms)} />}</span>
            <span className="gantt-do">{run.may.retry === null && <Retry run={run.id} step={step} />}</span>
          </li>
        ))}
      </ol>
    </Section>
  )
}

function About({ step }: { step: FlowStep }) {
  const w = useWords().flows
  const { state, taken_from: taken, attempts } = step
  return (
    <span className="gantt-about">
      {taken === null ? (
        <FlowState state={state} />
      ) : (
        <span className="quiet">
          {w.takenFrom}{' '}
          <Link to="/flows/$id" params={{ id: taken }}>
            {taken.slice(0, 8)}
          </Link>
        </span>
      )}
      {attempts.length > 1 && <span className="quiet">{w.attempts(attempts.length)}</span>}
    </span>
  )
}

/** Moves only while something is under way. */
function useNow(moving: boolean): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!moving) return
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [moving])
  return now
}
