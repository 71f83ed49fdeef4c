import { type PointerEvent, useRef } from 'react'
import type { MomentsAnswer, TimeSnapshot } from '../../../src/wire/time.ts'
import { useWords } from '../../words/words.tsx'
import { shareOf, shortMoment, stopAtShare } from './axis.ts'
import type { Axes, Setting } from './setting.ts'
import './map.css'

/**
 * The plane of both times: each snapshot a dot at the moment that it describes (across) and of its recording (up). What lies
 * below and left of the sliders is what they let one see; a withdrawn one ends where it was taken back.
 */
export function TimeMap({
  moments,
  axes,
  at,
  other,
  used,
  offsetOf,
  onMove,
}: {
  moments: MomentsAnswer
  axes: Axes
  at: Setting
  other: Setting | undefined
  /** Snapshots that the rows below come from. */
  used: ReadonlySet<string>
  /** How much later than its own moment a source counts: labels, by their horizon. */
  offsetOf: (snapshot: TimeSnapshot) => string
  onMove: (to: Setting) => void
}) {
  const w = useWords().time
  const plane = useRef<HTMLDivElement>(null)
  const sources = [...new Set(moments.snapshots.map((s) => s.source))]
  const move = (event: PointerEvent) => {
    const box = plane.current?.getBoundingClientRect()
    if (!box || event.buttons === 0) return
    const t = stopAtShare(axes.valid, (event.clientX - box.left) / box.width)
    const k = stopAtShare(axes.known, (box.bottom - event.clientY) / box.height)
    if (t !== undefined && k !== undefined && (t !== at.t || k !== at.k)) onMove({ t, k })
  }
  const x = (moment: string) => `${shareOf(axes.valid, moment) * 100}%`
  const y = (moment: string) => `${shareOf(axes.known, moment) * 100}%`
  return (
    // The two sliders beside it do the same by keyboard.
    <div
      className="time-map"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        move(event)
      }}
      onPointerMove={move}
    >
      <div className="time-plane" ref={plane} role="img" aria-label={w.map}>
        <div className="time-seen" style={{ width: x(at.t), height: y(at.k) }} />
        {moments.snapshots.map((s) => {
          const lane = (sources.indexOf(s.source) - (sources.length - 1) / 2) * LANE_PX
          const seen = s.recorded_at <= at.k && (s.withdrawn_at === null || s.withdrawn_at > at.k)
          const state = used.has(s.id) ? 'used' : seen ? 'seen' : s.recorded_at <= at.k ? 'gone' : 'unknown'
          const left = `calc(${x(offsetOf(s))} + ${lane}px)`
          return (
            <div
              key={s.id}
              className={`time-dot ${state}`}
              data-series={sources.indexOf(s.source) % 8}
              style={{ left, bottom: y(s.recorded_at) }}
            >
              <span title={said(s, w)} />
            </div>
          )
        })}
        {moments.snapshots.map(
          (s) =>
            s.withdrawn_at !== null && (
              <div
                key={s.id}
                className="time-taken-back"
                style={{
                  left: `calc(${x(offsetOf(s))} + ${(sources.indexOf(s.source) - (sources.length - 1) / 2) * LANE_PX}px)`,
                  bottom: y(s.recorded_at),
                  height: `calc(${y(s.withdrawn_at)} - ${y(s.recorded_at)})`,
                }}
              />
            ),
        )}
        {other && <div className="time-cross other across" style={{ bottom: y(other.k) }} />}
        {other && <div className="time-cross other up" style={{ left: x(other.t) }} />}
        <div className="time-cross across" style={{ bottom: y(at.k) }} />
        <div className="time-cross up" style={{ left: x(at.t) }} />
      </div>
    </div>
  )
}

const LANE_PX = 9

function said(s: TimeSnapshot, w: ReturnType<typeof useWords>['time']): string {
  const parts = [
    s.id,
    w.recorded(shortMoment(s.recorded_at)),
    s.withdrawn_at && w.withdrawn(shortMoment(s.withdrawn_at)),
    s.redacted && w.redacted,
  ]
  return parts.filter(Boolean).join(' · ')
}

/** Which colour is which source. */
export function MapLegend({ snapshots }: { snapshots: readonly TimeSnapshot[] }) {
  const w = useWords().time
  const sources = [...new Set(snapshots.map((s) => s.source))]
  return (
    <ul className="time-legend" aria-label={w.legend}>
      {sources.map((source, i) => (
        <li key={source}>
          <span className="time-dot-sample" data-series={i % 8} aria-hidden="true" />
          {source}
        </li>
      ))}
    </ul>
  )
}
