import { Label, Slider, SliderThumb, SliderTrack } from 'react-aria-components'
import { type Axis, shortMoment, stopOf } from './axis.ts'

/** A slider along one side of the map, with a tick for each stop; it moves from event to event and never between. */
export function AxisSlider({
  label,
  axis,
  at,
  across,
  onMove,
}: {
  label: string
  axis: Axis
  at: string
  across: 'horizontal' | 'vertical'
  onMove: (at: string) => void
}) {
  const alone = axis.length < 2
  // A single stop is in the middle, as on the map.
  const [least, most, value] = alone ? [-1, 1, 0] : [0, axis.length - 1, stopOf(axis, at)]
  return (
    <Slider
      className={`time-axis ${across}`}
      orientation={across}
      minValue={least}
      maxValue={most}
      step={1}
      value={value}
      isDisabled={alone}
      onChange={(next) => {
        const moved = axis[Number(next)]
        if (moved !== undefined) onMove(moved)
      }}
    >
      <Label className="unseen">{label}</Label>
      <SliderTrack className="time-axis-track">
        {axis.length <= TICKS_MAX &&
          axis.map((stop, index) => (
            <span key={stop} className="time-tick" style={tickStyle(across, alone ? 0.5 : index / (axis.length - 1))} />
          ))}
        <SliderThumb className="time-axis-thumb" aria-label={`${label}: ${shortMoment(at)}`} />
      </SliderTrack>
    </Slider>
  )
}

/** More would be one line. */
const TICKS_MAX = 160

function tickStyle(across: 'horizontal' | 'vertical', share: number) {
  const place = `${share * 100}%`
  return across === 'horizontal' ? { left: place } : { bottom: place }
}
