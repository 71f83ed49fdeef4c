import { useQuery } from '@tanstack/react-query'
import type { SilencesAnswer } from '../../../src/wire/alerts.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Button } from '../../ui/button.tsx'
import { Section } from '../../ui/page.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { useChange } from './do.tsx'

/** What nobody is told of now; nothing where there is none. */
export function Silences() {
  const w = useWords().watch
  const change = useChange()
  const asked = useQuery({
    queryKey: ['alerts', 'silences'],
    queryFn: ({ signal }) => get<SilencesAnswer>(paths.alertSilences(), signal),
  })
  const found = asked.data?.silences ?? []
  if (found.length === 0) return null
  return (
    <Section title={w.silences}>
      <ul className="watch-alerts" aria-label={w.silences}>
        {found.map(({ id, rule, until, why, by }) => (
          <li key={id} className="row">
            <span>
              <strong>{rule ?? w.everyRule}</strong> {w.until} <When at={until} />{' '}
              <span className="quiet">
                {w.silencedBy(by)}
                {why !== null && `: ${why}`}
              </span>
            </span>
            <Button small look="quiet" onPress={() => void change(paths.endSilence(id), {}, w.silenceEnded)}>
              {w.endSilence}
            </Button>
          </li>
        ))}
      </ul>
    </Section>
  )
}
