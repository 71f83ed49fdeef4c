import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useRouterState } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { onSignedOut } from '../api/client.ts'
import { useLiveState } from '../api/live.tsx'
import { sessionQuery, signOut } from '../api/session.ts'
import { toastError } from '../ui/toast.tsx'
import { useWords } from '../words/words.tsx'
import './session.css'

/**
 * Whether somebody is signed in. Whoever comes without is led to sign in, and back; where a session ends while its page is
 * open, the page stays, and says so.
 */
export function SessionWatch() {
  const w = useWords().shell
  const [over, setOver] = useState(false)
  const { data, refetch } = useQuery(sessionQuery)
  const here = useRouterState({ select: ({ location }) => location.href })
  const navigate = useNavigate()
  const live = useLiveState()
  const atSignIn = here.startsWith('/sign-in')
  useEffect(() => onSignedOut(() => setOver(true)), [])
  // A stream that is cut off does not say why.
  useEffect(() => {
    if (live === 'lost') void refetch()
  }, [live, refetch])
  useEffect(() => {
    if (over && data === undefined && !atSignIn)
      void navigate({ to: '/sign-in', search: { back: here }, replace: true })
  }, [over, data, atSignIn, here, navigate])
  if (!over || atSignIn || data === undefined) return null
  return (
    <div className="session-over" role="alert">
      {w.signInAgain}{' '}
      <Link className="button small" to="/sign-in" search={{ back: here }}>
        {w.signIn}
      </Link>
    </div>
  )
}

/** Who is signed in, and the way out; nothing where nobody is asked. */
export function WhoIsHere() {
  const words = useWords()
  const { data, isError } = useQuery(sessionQuery)
  if (data === undefined || isError || data.signed_in === 'none') return null
  return (
    <p className="session-who">
      <span className="one-line" title={data.name}>
        {data.name}
      </span>
      <span className="quiet">{words.settings.roles[data.role]}</span>
      <button type="button" className="shell-live" onClick={() => void signOut().catch(toastError)}>
        {words.shell.signOut}
      </button>
    </p>
  )
}
