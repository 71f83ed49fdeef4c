import type { App } from '../app.ts'
import type { Output } from './output.ts'

/** A server on this machine answers at once, or is not there. */
const ANSWER_MS = 1_000

/**
 * The page of the console about what a command did, as a last line: where a public address is set, or where a server of this
 * project answers at the address of the settings. No word where none does; a command never fails for want of it.
 */
export async function printLink(
  { settings, project }: Pick<App, 'settings' | 'project'>,
  out: Output,
  page: string,
  answerMs = ANSWER_MS,
): Promise<void> {
  if (out.json) return
  const { host, port, token, publicHosts } = settings
  const stated = publicHosts.find((name) => /^https?:\/\//.test(name))
  const own = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  const url = stated ?? ((await isOurs(own, project.name, token, answerMs)) ? own : undefined)
  if (url !== undefined) out.line(`page  ${url.replace(/\/+$/, '')}/#${page}`)
}

/** Whether a server of this project is there, and not one of another or another program. */
async function isOurs(url: string, project: string, token: string | null, answerMs: number): Promise<boolean> {
  try {
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
    const answer = await fetch(`${url}/overview`, {
      headers,
      signal: AbortSignal.timeout(answerMs),
      redirect: 'error',
    })
    return answer.ok && ((await answer.json()) as { project?: unknown }).project === project
  } catch {
    return false
  }
}
