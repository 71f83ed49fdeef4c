import { useQuery } from '@tanstack/react-query'
import type { DaysAnswer } from '../../../src/wire/flows.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Duration } from '../../ui/num.tsx'
import { Section } from '../../ui/page.tsx'
import { Answer } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { type Day, daysOf } from './days.ts'

const DAYS = 14
const HEIGHT = 64

export function Days() {
  const w = useWords().flows
  const asked = useQuery({
    queryKey: ['flows', 'days', DAYS],
    queryFn: ({ signal }) => get<DaysAnswer>(paths.flowsByDay(DAYS), signal),
  })
  return (
    <Section title={w.days}>
      <Answer of={asked}>{(answer) => <Bars days={daysOf(answer, DAYS)} />}</Answer>
    </Section>
  )
}

function Bars({ days }: { days: readonly Day[] }) {
  const w = useWords().flows
  const most = Math.max(1, ...days.map(({ runs }) => runs))
  const [runs, failed] = [sumOf(days, 'runs'), sumOf(days, 'failed')]
  const longest = Math.max(0, ...days.map(({ msMax }) => msMax ?? 0))
  const tall = (count: number) => (count * HEIGHT) / most
  return (
    <div className="flows-days">
      <div className="flows-bars" role="img" aria-label={w.daysLabel(runs, failed)}>
        {days.map((day) => (
          <div key={day.day} className="flows-bar" title={w.day(day.day, day.runs, day.failed)}>
            <div className="flows-bar-stack" style={{ height: HEIGHT }}>
              {day.failed > 0 && <span className="bad" style={{ height: Math.max(2, tall(day.failed)) }} />}
              {day.other > 0 && <span className="other" style={{ height: Math.max(2, tall(day.other)) }} />}
              <span className="good" style={{ height: tall(day.runs - day.failed - day.other) }} />
            </div>
            <span className="flows-bar-day">{day.day.slice(8)}</span>
          </div>
        ))}
      </div>
      <dl className="flows-sums">
        <dt>{w.runs}</dt>
        <dd className="num">{runs}</dd>
        <dt>{w.failedRuns}</dt>
        <dd className="num">{failed}</dd>
        <dt>{w.longest}</dt>
        <dd>{longest === 0 ? '–' : <Duration ms={longest} />}</dd>
      </dl>
    </div>
  )
}

function sumOf(days: readonly Day[], member: 'runs' | 'failed'): number {
  return days.reduce((sum, day) => sum + day[member], 0)
}
