import { type Axis, labelled, tickText } from './axis.ts'

/** What some of the stops are, below the map or along its side; the sliders say the one that stands. */
export function AxisLabels({ axis, up = false }: { axis: Axis; up?: boolean }) {
  return (
    <div className={up ? 'time-labels up' : 'time-labels'} aria-hidden="true">
      {labelled(axis, up ? UP_MAX : ACROSS_MAX).map((index) => {
        const place = `${axis.length < 2 ? 50 : (100 * index) / (axis.length - 1)}%`
        return (
          <span key={index} style={up ? { bottom: place } : { left: place }}>
            {tickText(axis, index)}
          </span>
        )
      })}
    </div>
  )
}

const ACROSS_MAX = 5
const UP_MAX = 7
