import { queryOptions } from '@tanstack/react-query'
import type { SessionAnswer } from '../../src/wire/identity.ts'
import { get, send } from './client.ts'
import { paths } from './paths.ts'

/** Who uses this page, and what they may. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => get<SessionAnswer>(paths.session(), signal),
  staleTime: 60_000,
  retry: false,
})

/** The page begins anew: nothing of whoever was here before stays in its memory. */
export function beginAt(path: string): void {
  location.hash = `#${path}`
  location.reload()
}

export async function signIn(token: string, back: string): Promise<void> {
  await send<SessionAnswer>('POST', paths.sessions(), { token })
  beginAt(back)
}

export async function signOut(): Promise<void> {
  await send('DELETE', paths.session())
  beginAt('/sign-in')
}

/** Only a page of ours: what stands in a link may be anything. */
export function pageOfOurs(back = '/'): string {
  return back.startsWith('/') && !back.startsWith('//') && !back.startsWith('/sign-in') ? back : '/'
}
