import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { AlertsAnswer, RulesAnswer } from '../../../src/wire/alerts.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Switch } from '../../ui/fields.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { useLanguage } from '../../words/words.tsx'
import { AlertList } from './alert-list.tsx'
import { Channels, Rules } from './rules.tsx'
import { Silences } from './silences.tsx'
import './watch.css'

/** What is watched: alerts with what to do, the rules that make them, and who is told. */
export function Page() {
  const { words } = useLanguage()
  const w = words.watch
  const { all = false } = useSearch({ from: '/watch' })
  const go = useNavigate({ from: '/watch' })
  const state = all ? 'all' : 'open'
  const alerts = useQuery({
    queryKey: ['alerts', state],
    queryFn: ({ signal }) => get<AlertsAnswer>(paths.alerts({ state }), signal),
  })
  const rules = useQuery({
    queryKey: ['alerts', 'rules'],
    queryFn: ({ signal }) => get<RulesAnswer>(paths.alertRules(), signal),
  })
  return (
    <Frame title={w.title} actions={<Link to="/watch/drift">{words.drift.title}</Link>}>
      <Section
        title={w.alerts}
        actions={
          <Switch isSelected={all} onChange={(on) => void go({ search: on ? { all: true } : {} })}>
            {w.also}
          </Switch>
        }
      >
        <Answer of={alerts}>
          {({ alerts: found, next_page_token: more }) =>
            found.length === 0 ? (
              <Empty title={all ? w.never : w.quiet} what={rules.data?.rules.length === 0 ? w.noRules : w.quietWhat} />
            ) : (
              <>
                <AlertList alerts={found} />
                {more !== null && <p className="quiet">{w.newest(found.length)}</p>}
              </>
            )
          }
        </Answer>
      </Section>
      <Silences />
      <Answer of={rules}>
        {({ rules: all, channels }) => (
          <>
            {all.length > 0 && <Rules rules={all} />}
            {channels.length > 0 && <Channels channels={channels} />}
          </>
        )}
      </Answer>
    </Frame>
  )
}
