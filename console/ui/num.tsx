import { useLanguage } from '../words/words.tsx'
import { bytesText, durationText, numberText, percentText } from './format.ts'

/** A number with its unit; the exact one shows on hover. Null is said, never left blank. */
export function Num({ value, unit, digits }: { value: number | null | undefined; unit?: string; digits?: number }) {
  const { language, words } = useLanguage()
  if (value === null || value === undefined) return <span className="quiet">{words.ui.null}</span>
  return (
    <span className="num" title={String(value)}>
      {numberText(value, language, digits)}
      {unit && <span className="quiet"> {unit}</span>}
    </span>
  )
}

export function Percent({ share, digits }: { share: number; digits?: number }) {
  const { language } = useLanguage()
  return <span className="num">{percentText(share, language, digits)}</span>
}

export function Bytes({ value }: { value: number }) {
  const { language } = useLanguage()
  return (
    <span className="num" title={`${value} B`}>
      {bytesText(value, language)}
    </span>
  )
}

export function Duration({ ms }: { ms: number }) {
  const { language } = useLanguage()
  return (
    <span className="num" title={`${ms} ms`}>
      {durationText(ms, language)}
    </span>
  )
}
