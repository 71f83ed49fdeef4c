import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import './curve.css'

/** A line is broken at a null, and runs on over an undefined: an x that only other lines have. */
export type Line = { name: string; values: readonly (number | null | undefined)[]; dashed?: boolean }

const SERIES = 8
const LEGEND_LINES = 12

/** Lines over one axis, by uplot on a canvas: tens of lines with thousands of points. Load it lazily, with its page. */
export default function Curve({
  label,
  x,
  lines,
  xName,
  time = false,
  log = false,
  height = 260,
}: {
  label: string
  /** Ascending; each line has as many values. */
  x: readonly number[]
  lines: readonly Line[]
  xName: string
  /** x is in seconds since 1970. */
  time?: boolean
  log?: boolean
  height?: number
}) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const place = box.current
    if (place === null) return
    const make = () => {
      place.replaceChildren()
      return new uPlot(
        optionsOf(place),
        [x as number[], ...lines.map(({ values }) => values as (number | null | undefined)[])],
        place,
      )
    }
    const optionsOf = (element: HTMLElement): uPlot.Options => {
      const style = getComputedStyle(element)
      const colour = (name: string) => style.getPropertyValue(name).trim()
      const axis = {
        stroke: colour('--text-3'),
        grid: { stroke: colour('--line'), width: 1 },
        ticks: { stroke: colour('--line') },
      }
      return {
        width: Math.max(200, element.clientWidth),
        height,
        scales: { x: { time }, y: log ? { distr: 3 } : {} },
        // A hundred names would be longer than the chart.
        legend: { show: lines.length <= LEGEND_LINES, live: true },
        cursor: { points: { size: 6 } },
        axes: [axis, { ...axis, size: 64 }],
        series: [
          { label: xName },
          ...lines.map(({ name, dashed }, at) => ({
            label: name,
            stroke: colour(`--series-${(at % SERIES) + 1}`),
            width: 1.6,
            spanGaps: false,
            ...(dashed ? { dash: [5, 4] } : {}),
          })),
        ],
      }
    }
    let plot = make()
    const resized = new ResizeObserver(() => plot.setSize({ width: Math.max(200, place.clientWidth), height }))
    resized.observe(place)
    // A new theme has other colours.
    const themed = new MutationObserver(() => {
      plot.destroy()
      plot = make()
    })
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    return () => {
      resized.disconnect()
      themed.disconnect()
      plot.destroy()
    }
  }, [x, lines, xName, time, log, height])
  return <div className="curve" ref={box} role="img" aria-label={label} />
}
