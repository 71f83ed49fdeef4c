import { useEffect, useState } from 'react'
import type { MomentsAnswer, TimeKind } from '../../../src/wire/time.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/fields.tsx'
import { momentText } from '../../ui/format.ts'
import { useWords } from '../../words/words.tsx'
import { type Axis, placeOf, readMoment } from './axis.ts'
import type { TimeSearch } from './search.ts'
import type { Axes, Setting } from './setting.ts'

const REPLAY_MS = 900

/** Both moments in words, event by event; the comparison, and the replay of what became known. */
export function Steps({
  of,
  moments,
  axes,
  a,
  b,
  base,
  onMove,
  onGo,
}: {
  of: { kind: TimeKind }
  moments: MomentsAnswer
  axes: Axes
  a: Setting
  b: Setting | undefined
  base: TimeSearch
  onMove: (to: Setting) => void
  onGo: (next: TimeSearch) => void
}) {
  const w = useWords().time
  const at = b ?? a
  const here = moments.valid.find((stop) => stop.at === at.t)
  const events = moments.known.filter((stop) => stop.at === at.k)
  const known = events.map((stop) => `${stop.kind === 'recorded' ? '+' : '−'} ${listed(stop.snapshots, w)}`)
  return (
    <div className="time-steps">
      {b && (
        <div className="time-sides">
          <Side name={w.a} setting={a} />
          <Side name={w.b} setting={b} active />
        </div>
      )}
      <Step
        key={`t ${at.t}`}
        label={of.kind === 'models' ? w.asOf : w.validAt}
        what={here ? here.kinds.map((kind) => w.stopKinds[kind]).join(', ') : w.validWhat}
        axis={axes.valid}
        at={at.t}
        onMove={(t) => onMove({ ...at, t })}
      />
      <Step
        key={`k ${at.k}`}
        label={w.knownAt}
        what={known.length > 0 ? known.join(' ') : w.knownWhat}
        axis={axes.known}
        at={at.k}
        onMove={(k) => onMove({ ...at, k })}
      />
      <div className="row">
        <Replay key={b ? 'b' : 'a'} axis={axes.known} at={at} onMove={onMove} />
        {b ? (
          <>
            <Button small onPress={() => onGo({ ...base, t: b.t, k: b.k, bt: a.t, bk: a.k })}>
              {w.swap}
            </Button>
            <Button small onPress={() => onGo({ ...base, t: b.t, k: b.k, bt: undefined, bk: undefined })}>
              {w.endCompare}
            </Button>
          </>
        ) : (
          <Button small look="main" onPress={() => onGo({ ...base, t: a.t, k: a.k, ...start(axes, a) })}>
            {w.compare}
          </Button>
        )}
      </div>
    </div>
  )
}

/** The comparison begins with the event before, so that something may differ at once. */
function start(axes: Axes, a: Setting): { bt: string; bk: string } {
  const [first = a.k] = axes.known
  return { bt: a.t, bk: a.k === first ? (axes.known.at(-1) ?? a.k) : first }
}

function listed(names: readonly string[], w: ReturnType<typeof useWords>['time']): string {
  const [first, second, ...more] = names
  return [first, second, more.length > 0 ? w.more(more.length) : undefined].filter(Boolean).join(', ')
}

function Side({ name, setting, active = false }: { name: string; setting: Setting; active?: boolean }) {
  return (
    <div className={active ? 'time-side active' : 'time-side'}>
      <b>{name}</b> <span>{momentText(setting.t)}</span> <span className="quiet">@ {momentText(setting.k)}</span>
    </div>
  )
}

function Step({
  label,
  what,
  axis,
  at,
  onMove,
}: {
  label: string
  what: string
  axis: Axis
  at: string
  onMove: (at: string) => void
}) {
  const w = useWords().time
  const [typed, setTyped] = useState(momentText(at))
  const place = placeOf(axis, at)
  const [before, after] = [axis[Math.ceil(place) - 1], axis[Math.floor(place) + 1]]
  const read = readMoment(typed)
  const go = () => {
    if (read !== undefined && read !== at) onMove(read)
  }
  return (
    <form
      className="time-step"
      onSubmit={(event) => {
        event.preventDefault()
        go()
      }}
    >
      <TextField
        label={label}
        value={typed}
        onChange={setTyped}
        onBlur={go}
        error={read === undefined ? w.exactBad : undefined}
        help={what}
      />
      <div className="time-step-buttons">
        <Button
          small
          isDisabled={before === undefined}
          onPress={() => before && onMove(before)}
          aria-label={`${label}: ${w.before}`}
        >
          ←
        </Button>
        <Button
          small
          isDisabled={after === undefined}
          onPress={() => after && onMove(after)}
          aria-label={`${label}: ${w.after}`}
        >
          →
        </Button>
        <Button
          small
          isDisabled={axis.at(-1) === at}
          onPress={() => onMove(axis.at(-1) ?? at)}
          aria-label={`${label}: ${w.newest}`}
        >
          ⇥
        </Button>
      </div>
    </form>
  )
}

/** Goes through all that became known, event by event, at the moment that stands. */
function Replay({ axis, at, onMove }: { axis: Axis; at: Setting; onMove: (to: Setting) => void }) {
  const w = useWords().time
  const [running, setRunning] = useState(false)
  const next = axis[Math.floor(placeOf(axis, at.k)) + 1]
  useEffect(() => {
    if (!running) return
    if (next === undefined) {
      setRunning(false)
      return
    }
    const timer = setTimeout(() => onMove({ t: at.t, k: next }), REPLAY_MS)
    return () => clearTimeout(timer)
  })
  if (axis.length < 2) return null
  return (
    <Button
      small
      onPress={() => {
        if (!running) onMove({ t: at.t, k: axis[0] ?? at.k })
        setRunning(!running)
      }}
    >
      {running ? w.stop : w.replay}
    </Button>
  )
}
