import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { PromotedAnswer, RequestAnswer, WaitingAnswer } from '../../../src/wire/registry.ts'
import { send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { TextBox } from '../../ui/fields.tsx'
import { Section } from '../../ui/page.tsx'
import { Answer, Broken } from '../../ui/states.tsx'
import { toast } from '../../ui/toast.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { Difference, Gate } from './difference.tsx'
import { gateQuery, modelQuery, requestsQuery } from './queries.ts'

/** Promotions of a model that wait for another pair of eyes; nothing where none does. */
export function Requests({ name }: { name: string }) {
  const w = useWords().models
  const requests = useQuery(requestsQuery(name))
  const all = requests.data?.requests ?? []
  if (all.length === 0) return null
  return (
    <Section title={w.requests} about={w.requestsWhat}>
      <ul>
        {all.map((request) => (
          <Request key={request.id} request={request} />
        ))}
      </ul>
    </Section>
  )
}

function Request({ request }: { request: RequestAnswer }) {
  const w = useWords().models
  const { model, id, own, asked_by, asked_at, expires_at, reason } = request
  return (
    <li className="models-request">
      <p>
        <strong>{w.asked(whatOf(request, w), asked_by)}</strong>{' '}
        <span className="quiet">
          <When at={asked_at} /> · {w.expires} <When at={expires_at} />
        </span>
      </p>
      {reason && <p>{reason}</p>}
      {own ? (
        <div className="row">
          <span className="quiet">{w.ownRequest}</span>
          <Decide model={model} id={id} what="withdraw" title={w.takeBack} said={w.takenBack} />
        </div>
      ) : (
        <div className="row">
          <Decide model={model} id={id} what="accept" title={w.accept} said={w.accepted} look="main">
            <BeforeAccepting request={request} />
          </Decide>
          <Decide model={model} id={id} what="decline" title={w.decline} said={w.declined} />
        </div>
      )}
    </li>
  )
}

function whatOf({ kind, version, target }: RequestAnswer, w: ReturnType<typeof useWords>['models']): string {
  if (version === null) return w.aliasAway(target)
  if (kind === 'canary') return w.canaryFor(version, `${Number((Number(target) * 100).toPrecision(12))} %`)
  return kind === 'stage' ? w.stageFor(version, target) : w.aliasFor(version, target)
}

/** What whoever accepts must have seen: the verdict and the difference to the champion of now. */
function BeforeAccepting({ request: { model, version } }: { request: RequestAnswer }) {
  const gate = useQuery({ ...gateQuery(model, version ?? 0), enabled: version !== null })
  if (version === null) return null
  return (
    <Answer of={gate}>
      {(verdict) => (
        <>
          <Gate gate={verdict} />
          <Difference gate={verdict} version={version} />
        </>
      )}
    </Answer>
  )
}

type Decision = 'accept' | 'decline' | 'withdraw'

function Decide({
  model,
  id,
  what,
  title,
  said,
  look = 'plain',
  children,
}: {
  model: string
  id: number
  what: Decision
  title: string
  said: string
  look?: 'main' | 'plain'
  children?: ReactNode
}) {
  const queries = useQueryClient()
  return (
    <WithReason title={title} look={look} before={children} wide={children !== undefined}>
      {async (reason) => {
        const seen = what === 'accept' ? await championNow(model, id) : {}
        await send('POST', paths.decidePromotion(model, id, what), { reason, ...seen })
        await queries.invalidateQueries({ queryKey: ['models'] })
        toast('good', said)
      }}
    </WithReason>
  )

  /** As the page shows it: where another came meanwhile, the server refuses and the dialog says so. */
  async function championNow(name: string, request: number): Promise<{ champion?: number | null }> {
    const now = queries.getQueryData(modelQuery(name).queryKey)
    const asked = queries.getQueryData(requestsQuery(name).queryKey)?.requests.find((one) => one.id === request)
    if (!now || !asked || asked.kind !== 'stage' || asked.target !== 'Production') return {}
    return { champion: now.production }
  }
}

/** The version that answered before comes to Production again: one click, and why. */
export function WayBack({ name, previous, now }: { name: string; previous: number; now: number | null }) {
  const w = useWords().models
  const queries = useQueryClient()
  return (
    <WithReason title={w.backTo(previous)} look="plain" before={<p>{w.backWhat(previous, now)}</p>}>
      {async (reason) => {
        const done = await send<PromotedAnswer | WaitingAnswer>('POST', paths.modelBack(name), { reason })
        await queries.invalidateQueries({ queryKey: ['models'] })
        if (done.state === 'waiting') toast('info', w.asWaits(done.request.id))
        else toast('good', w.done(previous, 'Production'))
      }}
    </WithReason>
  )
}

/** A button with a dialog that asks why before anything is done; what the server refuses is said in it. */
export function WithReason({
  title,
  look,
  before,
  wide = false,
  children,
}: {
  title: string
  look: 'main' | 'plain'
  before?: ReactNode
  wide?: boolean
  children: (reason: string) => Promise<void>
}) {
  const w = useWords().models
  const [reason, setReason] = useState('')
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const decide = async (close: () => void) => {
    setTried(true)
    if (reason.trim() === '') return
    setBusy(true)
    setError(null)
    try {
      await children(reason)
      close()
    } catch (failed) {
      setError(failed)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} wide={wide} trigger={<Button look={look}>{title}</Button>}>
      {(close) => (
        <div className="stack">
          {before}
          <TextBox
            label={w.reason}
            help={w.reasonHelp}
            value={reason}
            onChange={setReason}
            error={tried && reason.trim() === '' ? w.reasonMissing : undefined}
          />
          {error !== null && <Broken error={error} />}
          <DialogActions>
            <Button onPress={close}>{w.close}</Button>
            <Button look="main" isDisabled={busy} onPress={() => void decide(close)}>
              {title}
            </Button>
          </DialogActions>
        </div>
      )}
    </Dialog>
  )
}
