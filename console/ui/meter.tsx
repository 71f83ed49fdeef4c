import './meter.css'

/** How far a piece of work is, or a share; `total` null where nobody knows. */
export function Meter({
  label,
  value,
  total,
  tone = 'accent',
}: {
  label: string
  value: number
  total: number | null
  tone?: string
}) {
  const share = total === null || total === 0 ? null : Math.max(0, Math.min(1, value / total))
  return (
    <div
      className={`meter ${tone}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.round(share * 100)}
    >
      <span
        className={share === null ? 'meter-run' : 'meter-bar'}
        style={share === null ? undefined : { width: `${share * 100}%` }}
      />
    </div>
  )
}
