import { barsSvg } from '../../../src/plots/plots.ts'
import { numberText } from '../../ui/format.ts'
import { Section } from '../../ui/page.tsx'
import { useLanguage } from '../../words/words.tsx'
import type { WhatIfAnswer } from './answers.ts'
import { strongest } from './reasons.ts'

/** What each feature adds, strongest first, drawn by the module that draws the charts of artifacts too. */
export function Reasons({ answer }: { answer: WhatIfAnswer }) {
  const { language, words } = useLanguage()
  const w = words.predict
  const shown = answer.changed.length > 0 ? answer.what_if : answer.as_is
  const { of, unit, base, contributions } = shown.explanation
  const about = [
    w.reasonsAbout[unit] ?? '',
    of === null ? '' : w.of(String(of)),
    w.base(numberText(base, language, 4)),
  ].join(' ')
  const svg = barsSvg({ title: w.chart, about, x: { label: unit }, bars: strongest(contributions, w.others) })
  return (
    <Section title={w.reasons} about={about}>
      <div
        className="predict-chart"
        // biome-ignore lint/security/noDangerouslySetInnerHtml: our own SVG, which escapes every name; its colours are the page's
        dangerouslySetInnerHTML={{ __html: svg.replace(/<style>[\s\S]*?<\/style>/, '') }}
      />
    </Section>
  )
}
