import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { ApiError } from '../../api/client.ts'
import { beginAt, pageOfOurs, sessionQuery, signIn } from '../../api/session.ts'
import { Button } from '../../ui/button.tsx'
import { Code } from '../../ui/code.tsx'
import { TextField } from '../../ui/fields.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { useWords } from '../../words/words.tsx'
import './sign-in.css'

/** A token becomes the session of this browser; then the page from which one came is there again. */
export function Page() {
  const w = useWords().signIn
  const back = pageOfOurs(useSearch({ from: '/sign-in' }).back)
  const session = useQuery({ ...sessionQuery, staleTime: 0 })
  const [token, setToken] = useState('')
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      await signIn(token.trim(), back)
    } catch (failure) {
      setError(failure instanceof ApiError ? failure.detail : String(failure))
    } finally {
      setBusy(false)
    }
  }
  const isIn = session.data !== undefined && !session.isError
  return (
    <Frame title={w.title}>
      {isIn && (
        <Section>
          <p>{session.data.signed_in === 'none' ? w.notNeeded : w.signedIn(session.data.name)}</p>
          <Button look="main" onPress={() => beginAt(back)}>
            {w.onward}
          </Button>
        </Section>
      )}
      {session.data?.signed_in !== 'none' && (
        <Section>
          <form className="sign-in" onSubmit={submit}>
            <p>{w.what}</p>
            <TextField
              label={w.token}
              type="password"
              autoComplete="current-password"
              autoFocus
              value={token}
              onChange={setToken}
              error={error}
            />
            <div className="row">
              <Button type="submit" look="main" isDisabled={busy || token.trim() === ''}>
                {w.go}
              </Button>
            </div>
            <p className="quiet">{w.how}</p>
            <Code text="weir tokens create NAME --role viewer" />
          </form>
        </Section>
      )}
    </Frame>
  )
}
