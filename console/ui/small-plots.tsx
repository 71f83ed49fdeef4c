import './small-plots.css'

/** A line as large as a word. `values` in order; gaps where a value is null. */
export function Sparkline({
  label,
  values,
  width = 96,
  height = 24,
}: {
  label: string
  values: readonly (number | null)[]
  width?: number
  height?: number
}) {
  const there = values.filter((value): value is number => value !== null && Number.isFinite(value))
  if (there.length === 0) return <span className="quiet">–</span>
  const [low, high] = [Math.min(...there), Math.max(...there)]
  const x = (at: number) => (values.length === 1 ? width / 2 : 2 + (at * (width - 4)) / (values.length - 1))
  const y = (value: number) => (high === low ? height / 2 : height - 3 - ((value - low) * (height - 6)) / (high - low))
  let path = ''
  let open = false
  values.forEach((value, at) => {
    if (value === null || !Number.isFinite(value)) {
      open = false
      return
    }
    path += `${open ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`
    open = true
  })
  const last = values.findLastIndex((value) => value !== null && Number.isFinite(value))
  return (
    <svg
      className="sparkline"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
    >
      <path d={path} />
      <circle cx={x(last)} cy={y(values[last]!)} r="2.2" />
    </svg>
  )
}

/** Bars of counts; with `other` a second state of the same bins behind them, as a line. */
export function Histogram({
  label,
  counts,
  other,
  width = 160,
  height = 44,
}: {
  label: string
  counts: readonly number[]
  other?: readonly number[]
  width?: number
  height?: number
}) {
  // Counts, or shares of 1.
  const most = Math.max(...counts, ...(other ?? [])) || 1
  const bar = width / Math.max(1, counts.length)
  const tall = (count: number) => (count * (height - 2)) / most
  return (
    <svg
      className="histogram"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
    >
      {counts.map((count, at) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: a bin is its place
          key={at}
          x={at * bar + 0.5}
          y={height - tall(count)}
          width={Math.max(0.5, bar - 1)}
          height={tall(count)}
        />
      ))}
      {other && (
        <path
          d={other.map((count, at) => `${at === 0 ? 'M' : 'L'}${at * bar} ${height - tall(count)}h${bar}`).join('')}
        />
      )}
    </svg>
  )
}
